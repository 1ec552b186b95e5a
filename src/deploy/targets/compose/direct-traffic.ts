import { StudioError, exitCodes } from "../../../errors.ts";
import type { StepRun } from "../../../operation/step.ts";
import type { ComposeRelease, ReleaseRecord } from "../../release.ts";
import type { DrainOrder } from "../../target.ts";
import { proveSwitch } from "../prove-switch.ts";
import { type Colour, colourOf, labels } from "./colours.ts";
import { asCompose, drainOf, proxyDirectory, publicUrlOf } from "./compose-release.ts";
import type { ComposeSite } from "./compose-site.ts";
import { type Container, containersOf, listContainers } from "./containers.ts";
import { markedNotice } from "./maintenance-marks.ts";
import { askWho } from "./public-address.ts";
import { colourAlias } from "./render.ts";

/** Moves the public to a release, and proves it. */
export async function switchTo(
  site: ComposeSite,
  run: StepRun,
  release: ComposeRelease,
): Promise<void> {
  await direct(site, run, release, release);
  // Whom a page turns away learns of no release; that the proxy took the page over was seen.
  if (markedNotice(site.input.paths, release.id) !== null) return;
  await run.effect("prove", () =>
    proveSwitch({
      release: release.id,
      url: publicUrlOf(release),
      whoAnswers: () => askWho(site, release),
    }),
  );
}

/** Waits until the proxy has ended what it began with the former release. See `Target.drain`. */
export async function drainFormer(
  site: ComposeSite,
  run: StepRun,
  order: DrainOrder,
): Promise<number> {
  const [release, from] = [asCompose(order.release), asCompose(order.from)];
  if (from.id === release.id) return 0;
  const [containers, former] = await Promise.all([
    proxyContainers(site, release),
    containersOf(site.docker, from),
  ]);
  const cut = await site.proxyOf(release).drain({
    containers,
    from: former.flatMap(({ addresses }) => addresses),
    patience: drainOf(from),
    signal: order.signal,
  });
  // Nobody waits any longer: what is open is not over its time, and may be served again.
  if (order.signal?.aborted === true) return cut;
  if (cut > 0) {
    run.note(
      `${cut} connection${cut === 1 ? " was" : "s were"} still open after the drain time and will be cut.`,
    );
  }
  return cut;
}

/**
 * Tells the proxy where requests go.
 * @param to the release that requests go to; null: none, and the public is told to come back
 */
export async function direct(
  site: ComposeSite,
  run: StepRun,
  release: ComposeRelease,
  to: ComposeRelease | null,
): Promise<void> {
  const { docker, input } = site;
  const { project, services } = release.compose;
  const containers = await listContainers(docker, project);
  const colour = to === null ? null : colourOf(containers, to.id);
  if (to !== null && colour === null) throw gone(to);
  const upstreams = services.flatMap(({ name, role, port }) => {
    if (role !== "switched") return [];
    const at = (one: Colour): string => `${colourAlias(project, name, one)}:${port}`;
    const addresses = { blue: at("blue"), green: at("green") };
    const runs = containers.some((one) => one.running && isOf(one, to, name));
    return [{ service: name, address: addresses[colour ?? "blue"], addresses, runs }];
  });
  await site.proxyOf(release).direct(run, {
    release: to?.id ?? null,
    colour,
    upstreams,
    notice: to === null ? { message: null } : markedNotice(input.paths, to.id),
    drain: to === null ? 0 : drainOf(to),
    directory: proxyDirectory(release),
    containers: runningProxy(containers, release),
  });
}

const isOf = ({ labels: own }: Container, release: ComposeRelease | null, service: string) =>
  own[labels.release] === release?.id && own[labels.service] === service;

/** Those of the stack's proxy that run. */
export async function proxyContainers(
  { docker }: ComposeSite,
  release: ComposeRelease,
): Promise<Container[]> {
  return runningProxy(await listContainers(docker, release.compose.project), release);
}

export function runningProxy(all: readonly Container[], { compose }: ComposeRelease): Container[] {
  return all.filter(({ service, running }) => service === compose.proxy?.service && running);
}

export function gone(release: ReleaseRecord): StudioError {
  return new StudioError({
    code: "release.gone",
    message: `No container of release ${release.id} runs.`,
    exitCode: exitCodes.undone,
  });
}
