import { StudioError, exitCodes } from "../../../errors.ts";
import type { StepRun } from "../../../operation/step.ts";
import { homeOfCopy } from "../../../remote/host/home.ts";
import type { SwarmRelease } from "../../release.ts";
import type { Refusal, Target } from "../../target.ts";
import { labels } from "../compose/colours.ts";
import { proveSwitch } from "../prove-switch.ts";
import { isSettled, rollBacking, rollTo } from "./roll.ts";
import { type SwarmService, listServices } from "./services.ts";
import { readSwarmFacts, refuseNoManager } from "./swarm-facts.ts";
import { asSwarm } from "./swarm-release.ts";
import { swarmReleases } from "./swarm-releases.ts";
import type { SwarmSite } from "./swarm-site.ts";
import { createSwarmView } from "./swarm-view.ts";
import { stop, takeDown } from "./take-down.ts";

/** Releases as services whose tasks Swarm replaces in turns. */
export function createSwarmTarget(site: SwarmSite): Target {
  const view = createSwarmView(site);
  return {
    ...view,
    releases: swarmReleases(site.input, site.docker),
    startBackingServices: (run, release) => rollBacking(site, run, asSwarm(release)),
    refusals: (release) => refusals(site, asSwarm(release)),
    start: (run, release) => rollTo(site, run, asSwarm(release)),
    privateEndpoint: () => {
      throw new Error("the tasks of a Swarm are met by the public as soon as they are healthy");
    },
    async switchTo(run, release) {
      const wanted = asSwarm(release);
      // Where it was rolled to, that is all; an undo comes here with another release in its place.
      if (!(await isSettled(site, wanted))) await rollTo(site, run, wanted);
      const { url } = wanted.swarm.front ?? {};
      const whoAnswers = () => view.whoAnswers(wanted);
      await run.effect("prove", () => proveSwitch({ release: wanted.id, url, whoAnswers }));
    },
    unswitch: (run, release) => stop(site, run, asSwarm(release)),
    maintain: (run, release, notice) => maintain(run, asSwarm(release), notice),
    stop: (run, release) => stop(site, run, asSwarm(release)),
    retire: (run, release) => stop(site, run, asSwarm(release)),
    takeDown: (run, release) => takeDown(site, run, asSwarm(release)),
    async removeVolumes(run, names) {
      const { removeVolumes } = await import("../compose/own-volumes.ts");
      return removeVolumes(site.docker, run, names);
    },
  };
}

async function refusals({ docker, input }: SwarmSite, release: SwarmRelease): Promise<Refusal[]> {
  const inactive = refuseNoManager(await readSwarmFacts(docker));
  if (inactive !== null) return [inactive];
  const { name } = release.swarm;
  const foreign = (await listServices(docker, name)).find((one) => !isOurs(one, input.project));
  if (foreign === undefined) return [];
  const owner = foreign.labels[labels.environment];
  return [
    {
      code: "swarm.stackTaken",
      message:
        owner === undefined
          ? `There is a stack "${name}" in this Swarm that studio did not deploy.`
          : `The stack "${name}" is that of the environment "${owner}" of ${foreign.labels[labels.directory]}.`,
      hint: "Give this one a name of its own: set COMPOSE_PROJECT_NAME in its file of variables.",
      exitCode: 2,
    },
  ];
}

function isOurs(
  { labels: own }: SwarmService,
  { environment, directory }: SwarmSite["input"]["project"],
): boolean {
  return own[labels.environment] === environment && own[labels.directory] === homeOfCopy(directory);
}

/** Studio tells a Swarm's proxy nothing, so nobody could tell the public. */
async function maintain(
  _run: StepRun,
  { swarm }: SwarmRelease,
  notice: { message: string | null } | null,
): Promise<void> {
  if (notice === null) return;
  throw new StudioError({
    code: "maintenance.noProxy",
    message: `The proxy of ${swarm.name} is told nothing by studio, so it cannot tell the public to come back later.`,
    hint: "End the release with `studio down`, then deploy, or start it again with `studio up`; or let the proxy itself answer 503.",
    exitCode: exitCodes.usage,
  });
}
