import { StudioError, exitCodes } from "../../../errors.ts";
import { probeHeader, probeVariable } from "../../../deploy-probe.ts";
import type { StepRun } from "../../../operation/step.ts";
import type { ComposeRelease, ReleaseRecord } from "../../release.ts";
import type { Notice, PrivateEndpoint, Refusal, Target } from "../../target.ts";
import { labels, placeOf } from "./colours.ts";
import { asCompose, drainOf, switchedServices } from "./compose-release.ts";
import { composeReleases } from "./compose-releases.ts";
import { type ComposeSite, readRendered, rendered } from "./compose-site.ts";
import { createComposeView } from "./compose-view.ts";
import { type Container, containersOf, listContainers } from "./containers.ts";
import {
  direct,
  drainFormer,
  gone,
  proxyContainers,
  runningProxy,
  switchTo,
} from "./direct-traffic.ts";
import { makeRoom } from "./make-room.ts";
import { markMaintenance } from "./maintenance-marks.ts";
import { colourService } from "./render.ts";
import { comeBack, stayDown } from "./return-with-engine.ts";
import { startBacking } from "./start-backing.ts";
import { refuseOtherFront } from "./refuse-other-front.ts";
import { refuseTaken } from "./refuse-taken.ts";
import { takeDown } from "./take-down.ts";

/** Releases as two colours of containers behind the stack's own proxy. */
export function createComposeTarget(site: ComposeSite): Target {
  const { input, docker } = site;
  const view = createComposeView(site);
  return {
    ...view,
    releases: composeReleases(input, docker),
    startBackingServices: (run, release) => startBacking(site, run, asCompose(release)),
    refusals: (release) => refusals(site, asCompose(release)),
    start: (run, release) => start(site, run, asCompose(release)),
    privateEndpoint: (release) => privateEndpoint(site, asCompose(release)),
    switchTo: (run, release) => switchTo(site, run, asCompose(release)),
    drain: (run, order) => drainFormer(site, run, order),
    frontFiles: (release) => site.proxyOf(asCompose(release)).told(),
    unswitch: (run, release) => direct(site, run, asCompose(release), null),
    maintain: (run, release, notice) => maintain(site, run, asCompose(release), notice),
    stop: (run, release) => stop(site, run, release),
    async retire(run, release) {
      await run.effect("mark", () => markMaintenance(input.paths, release.id, null));
      await stop(site, run, release);
    },
    takeDown: (run, release) => takeDown(site, run, asCompose(release)),
    async removeVolumes(run, names) {
      const { removeVolumes } = await import("./own-volumes.ts");
      return removeVolumes(docker, run, names);
    },
  };
}

async function refusals(
  { docker, input }: ComposeSite,
  release: ComposeRelease,
): Promise<Refusal[]> {
  const { project } = release.compose;
  const containers = await listContainers(docker, project);
  const refusal =
    refuseTaken(input, project, containers) ??
    refuseOtherFront(input.paths, containers, release.compose);
  return refusal === null ? [] : [refusal];
}

async function start(site: ComposeSite, run: StepRun, release: ComposeRelease): Promise<void> {
  const { docker } = site;
  if (release.compose.gap) await makeRoom(site, run, release);
  const containers = await listContainers(docker, release.compose.project);
  const serving = site.proxyOf(release).configured();
  const { colour, inTheWay } = placeOf(containers, release.id, serving, (one) =>
    isExpired(one, site),
  );
  const services = switchedServices(release).map((name) => colourService(name, colour));
  if (inTheWay.length > 0) {
    // With --no-recreate Compose would start the former release that had this colour.
    await run.effect("clear", () => docker.act(run, ["rm", "-f", ...inTheWay.map(({ id }) => id)]));
  }
  const kept = containers.filter(
    (one) => one.labels[labels.release] === release.id && !inTheWay.includes(one),
  );
  if (kept.length > 0) {
    await comeBack(docker, run, kept, readRendered(site, release, colour).services);
  }
  const argv = ["up", "-d", "--no-deps", "--no-recreate", "--no-build", "--pull", "never"];
  await run.effect("up", () =>
    docker.act(run, [...rendered(site, release, colour), ...argv, ...services], {
      failing: `${services.join(", ")} could not be started`,
    }),
  );
  site.proxyOf(release).meet?.(runningProxy(containers, release));
}

/** An application that knows its own name, and refuses others, is asked by that one. */
async function privateEndpoint(
  site: ComposeSite,
  release: ComposeRelease,
): Promise<PrivateEndpoint> {
  const { docker } = site;
  const [container] = (await containersOf(docker, release)).filter(({ running }) => running);
  const address = container?.addresses[0];
  if (container === undefined || address === undefined) throw gone(release);
  const service = container.labels[labels.service];
  const port = release.compose.services.find(({ name }) => name === service)?.port ?? 8000;
  const [domain] = release.settings.domains;
  const token = probeTokenOf(site, release);
  return {
    url: `http://${address}:${port}`,
    headers: {
      ...(domain === undefined ? {} : { host: domain.replace(/^\*\./, "") }),
      ...(token === null ? {} : { [probeHeader]: token }),
    },
  };
}

/** Null for a release of an older studio. */
function probeTokenOf(site: ComposeSite, release: ComposeRelease): string | null {
  const { services } = readRendered(site, release);
  const [name = ""] = switchedServices(release);
  return services[colourService(name, "blue")]?.environment?.[probeVariable] ?? null;
}

async function maintain(
  site: ComposeSite,
  run: StepRun,
  release: ComposeRelease,
  notice: Notice | null,
): Promise<void> {
  const { input } = site;
  const proxy = site.proxyOf(release);
  if (release.compose.proxy === null && notice !== null) throw nobodyTells(release);
  await run.effect("mark", () => markMaintenance(input.paths, release.id, notice));
  if (proxy.configured() !== release.id) return;
  await direct(site, run, release, release);
  // Whoever asks after this is to be told what holds now, on a connection of before as well.
  const containers = await proxyContainers(site, release);
  const from = (await containersOf(site.docker, release)).flatMap(({ addresses }) => addresses);
  await proxy.drain({ containers, from, patience: drainOf(release) });
}

function nobodyTells({ compose }: ComposeRelease): StudioError {
  return new StudioError({
    code: "maintenance.noProxy",
    message: `${compose.project} has no proxy that could tell the public to come back later.`,
    hint: "`studio down` ends it, and `studio up` starts it again.",
    exitCode: exitCodes.usage,
  });
}

/** A retired colour whose undo window is over: a return to it makes its containers anew. */
function isExpired({ labels: own, endedAt, status }: Container, { input }: ComposeSite): boolean {
  if (own[labels.colour] === undefined || status !== "exited" || endedAt === null) return false;
  return Date.now() - Date.parse(endedAt) > input.project.settings.deploy.undoWindow;
}

/** Its containers are kept: within the undo window they start again in a moment. */
async function stop(site: ComposeSite, run: StepRun, release: ReleaseRecord): Promise<void> {
  const { docker, input } = site;
  const own = await containersOf(docker, asCompose(release));
  const running = own.filter(({ status }) => status !== "exited" && status !== "created");
  // Those that were killed would come back with the engine as well.
  await stayDown(docker, run, own);
  if (running.length === 0) return;
  const ids = running.map(({ id }) => id);
  await run.effect("stop", () => docker.act(run, ["stop", ...ids]));
  if (input.project.settings.deploy.undoWindow > 0) return;
  await run.effect("remove", () => docker.act(run, ["rm", "-f", ...ids]));
}
