import type { StepRun } from "../../../operation/step.ts";
import type { SwarmRelease } from "../../release.ts";
import { awaitServices } from "./await-services.ts";
import { parseGoDuration } from "./go-duration.ts";
import { type RenderedService, definitionIn } from "./render-stack.ts";
import type { Wanted } from "./service-standing.ts";
import { standingOf } from "./service-standing.ts";
import { type SwarmService, definitionOf, listServices, listTasks } from "./services.ts";
import { backingServices, switchedServices } from "./swarm-release.ts";
import { type SwarmSite, readRendered, renderedPath } from "./swarm-site.ts";

/**
 * Has Swarm put a release in the place of whatever runs, and waits for its end. Called again it goes
 * on where it was: what Swarm is at already is not told it once more.
 * @throws StudioError (exit 5) with what Swarm did, where that is not what was asked
 */
export async function rollTo(site: SwarmSite, run: StepRun, release: SwarmRelease): Promise<void> {
  await bringUp(site, run, release, {
    names: switchedServices(release),
    isLeft: ({ update }) => update?.state === "updating",
  });
}

/** Only what changed is touched, and what was left half-way. */
export async function rollBacking(
  site: SwarmSite,
  run: StepRun,
  release: SwarmRelease,
): Promise<void> {
  await bringUp(site, run, release, {
    names: backingServices(release),
    isLeft: ({ update }) =>
      update === null || /^(updating|(rollback_)?completed)$/.test(update.state),
  });
}

interface Part {
  names: readonly string[];
  /** Whether a service that has the definition already is left to Swarm. */
  isLeft: (service: SwarmService) => boolean;
}

async function bringUp(
  site: SwarmSite,
  run: StepRun,
  release: SwarmRelease,
  { names, isLeft }: Part,
): Promise<void> {
  if (names.length === 0) return;
  const { docker } = site;
  const { name: stack } = release.swarm;
  const files = names.map((name) => ({ name, file: readRendered(site, release, name) }));
  const wanted = files.map(({ name, file }) => ({ name, definition: definitionIn(file, name) }));
  const present = await listServices(docker, stack);
  const told = wanted.filter(({ name, definition }) => {
    const service = present.find((one) => one.name === name);
    return service === undefined || definitionOf(service) !== definition || !isLeft(service);
  });
  if (told.length > 0) {
    const argv = told.flatMap(({ name }) => ["-c", renderedPath(site, release, name)]);
    const options = ["--resolve-image", "never", "--with-registry-auth"];
    await run.effect("stack", () =>
      docker.act(run, ["stack", "deploy", ...options, ...argv, stack], {
        failing: `Swarm did not take ${told.map(({ name }) => name).join(", ")}`,
      }),
    );
  }
  const patience = patienceFor(release, files);
  await run.effect("wait", () => awaitServices({ docker, run, stack, wanted, patience }));
}

/**
 * Whether Swarm has nothing more to do with the services that make a release. What it rolled back by
 * itself counts only once it was told so: an undo ends with what was recorded, not with a memory.
 */
export async function isSettled(site: SwarmSite, release: SwarmRelease): Promise<boolean> {
  const services = await listServices(site.docker, release.swarm.name);
  const tasks = await listTasks(site.docker, services);
  return switchedServices(release).every((name) => {
    const service = services.find((one) => one.name === name) ?? null;
    if (service?.update?.state === "rollback_completed") return false;
    return standingOf(wantedOf(site, release, name), service, tasks).state === "settled";
  });
}

export function wantedOf(site: SwarmSite, release: SwarmRelease, name: string): Wanted {
  return { name, definition: definitionIn(readRendered(site, release, name), name) };
}

/** For what the engine itself needs to make a container, and to take one away. */
const spare = 15_000;

/** How long one task may take to become healthy, after the one before was given time to end. */
function patienceFor(
  { settings }: SwarmRelease,
  files: readonly { name: string; file: RenderedService }[],
): number {
  const longest = files.map(({ name, file }) => {
    const { stop_grace_period: grace, deploy } = file.services[name] as {
      stop_grace_period?: string;
      deploy: { update_config: { delay: string; monitor: string } };
    };
    const { delay, monitor } = deploy.update_config;
    const spans = [grace ?? "10s", delay, monitor].map((one) => parseGoDuration(one) ?? 0);
    return spans.reduce((sum, one) => sum + one, 0);
  });
  return settings.deploy.health.timeout + Math.max(0, ...longest) + spare;
}
