import { existsSync } from "node:fs";
import { join } from "node:path";
import { type StudioError, usageError } from "../../../errors.ts";
import { type ComposeRelease, type ReleaseRecord, releaseFolder } from "../../release.ts";
import type {
  CertificateState,
  Look,
  ReleaseState,
  ServiceState,
  TargetView,
} from "../../target.ts";
import { labels } from "./colours.ts";
import { asCompose, migrationPlaces, publicUrlOf, switchedServices } from "./compose-release.ts";
import { type ComposeSite, maskRelease, readRendered, renderedPath } from "./compose-site.ts";
import { type Container, containersOf, lastLinesOf, listContainers } from "./containers.ts";
import { markedNotice } from "./maintenance-marks.ts";
import { askReady, askWho } from "./public-address.ts";
import { colourService } from "./render.ts";

/** Looks at releases that are containers of a Compose project. */
export function createComposeView(site: ComposeSite): TargetView {
  const { input, docker } = site;
  return {
    kind: "compose",
    async outline() {
      const { outlineStack } = await import("./read-stack.ts");
      return outlineStack(docker, input);
    },
    describe(release) {
      const { compose, id } = asCompose(release);
      const images = Object.entries(compose.images).map(
        ([name, { pinned }]) => `${name} ${pinned}`,
      );
      return {
        code: `${compose.project}, as release ${id} ran it: ${images.join(", ")}`,
        models: [],
      };
    },
    migrationFolders: ({ id }) =>
      (["studio", "project"] as const).map((origin) => ({
        folder: join(releaseFolder(input.paths, id), migrationPlaces[origin]),
        origin,
      })),
    succession: (release) => (asCompose(release).compose.gap ? "instead" : "beside"),
    describeSwitch: (release, previous) => describeSwitch(asCompose(release), previous !== null),
    async openStreams(release) {
      const { openStreams } = await import("./open-streams.ts");
      return openStreams(site, asCompose(release));
    },
    state: (release, look) => stateOf(site, asCompose(release), look),
    changes: (release, { signal, onChange }) =>
      docker.follow(eventsOf(release), { signal, write: onChange }),
    whoAnswers: (release) => askWho(site, asCompose(release)),
    lastLines: (release, count) => lastLines(site, asCompose(release), count),
    publicUrl: (release) => publicUrlOf(asCompose(release)),
    async logs(request) {
      const { showStackLogs } = await import("./compose-service.ts");
      await showStackLogs(site, request);
    },
    async execute(release, request) {
      if (release === null) throw nothingToRunIn(input.project.environment);
      const { executeInStack } = await import("./compose-service.ts");
      return executeInStack(site, asCompose(release), request);
    },
    async reachDatabase(written) {
      const { addressOfContainer, reachDatabase } = await import("./reach-database.ts");
      return reachDatabase(site, written, addressOfContainer);
    },
    backingServices: (release) =>
      asCompose(release).compose.services.flatMap(({ name, role }) =>
        role === "switched" ? [] : [name],
      ),
    services: (release) => servicesOf(site, asCompose(release)),
    certificates: (release) => certificatesOfRelease(site, asCompose(release)),
    async audit() {
      const { auditStack } = await import("./audit/audit-stack.ts");
      return auditStack(docker, input);
    },
    async volumes(release) {
      const { volumesOf } = await import("./compose-volumes.ts");
      return volumesOf(site, asCompose(release));
    },
  };
}

function nothingToRunIn(environment: string): StudioError {
  return usageError(
    `Nothing has been deployed to "${environment}" yet: there is no container to run it in.`,
    "`studio deploy` brings up the first release.",
  );
}

function describeSwitch(release: ComposeRelease, isAnother: boolean): string {
  const { proxy, gap } = release.compose;
  if (proxy === null) return "it serves as soon as it runs";
  const names = switchedServices(release).join(", ");
  if (gap) return `${proxy.service} is reloaded with ${names}, which the public waits for`;
  if (!isAnother)
    return `${proxy.service} is told of ${names}, and turns the public away until then`;
  return `${proxy.service} is reloaded with the other colour of ${names}; what it began goes on where it began`;
}

async function stateOf(
  site: ComposeSite,
  release: ComposeRelease,
  look?: Look,
): Promise<ReleaseState> {
  const { docker } = site;
  const proxy = site.proxyOf(release);
  const containers = await containersOf(docker, release, look);
  const running = containers.filter((one) => one.running);
  const wanted = release.compose.services
    .filter(({ role }) => role === "switched")
    .reduce((sum, { replicas }) => sum + replicas, 0);
  const complete = running.length >= wanted;
  const accepting = running.length > 0 && proxy.configured() === release.id;
  return {
    release: release.id,
    running: running.length > 0,
    partly: running.length > 0 && !complete,
    accepting,
    maintenance:
      accepting && proxy.inMaintenance()
        ? (markedNotice(site.input.paths, release.id) ?? { message: null })
        : null,
    canAccept: complete,
    ready: complete && (await areReady(release, running)),
    judged: running.every(({ health }) => health !== null),
    startedAt: running[0]?.startedAt ?? null,
    restarts: containers.reduce((sum, { restarts }) => sum + restarts, 0),
    requests: null,
    day: null,
  };
}

/**
 * Of its containers, as long as it may take to become healthy: whoever asks may be killed, and leaves
 * nobody behind who listens for ever. Each look at their health ends in events of other kinds.
 */
function eventsOf({ id, settings }: ReleaseRecord): string[] {
  const until = Math.ceil((Date.now() + settings.deploy.health.timeout) / 1000);
  return [
    "type=container",
    "event=start",
    "event=die",
    "event=health_status",
    `label=${labels.release}=${id}`,
  ].reduce(
    (argv, filter) => [...argv, "--filter", filter],
    ["events", "--format", "{{.Action}}", "--until", String(until)],
  );
}

/** By its own health check where it has one, else by a request to its address. */
async function areReady(release: ComposeRelease, running: readonly Container[]): Promise<boolean> {
  const answers = running.map(async (container) => {
    if (container.health !== null) return container.health === "healthy";
    const service = container.labels[labels.service];
    const port = release.compose.services.find(({ name }) => name === service)?.port ?? 8000;
    return askReady(
      `http://${container.addresses[0]}:${port}`,
      release.settings.deploy.health.path,
    );
  });
  return (await Promise.all(answers)).every((ready) => ready);
}

async function lastLines(
  site: ComposeSite,
  release: ComposeRelease,
  count: number,
): Promise<string[]> {
  const { docker } = site;
  maskRelease(site, release);
  const lines: string[] = [];
  for (const container of await containersOf(docker, release)) {
    lines.push(...(await lastLinesOf(docker, container, count)));
  }
  return lines.slice(-count);
}

async function servicesOf(
  { docker }: ComposeSite,
  release: ComposeRelease,
): Promise<ServiceState[]> {
  const containers = await listContainers(docker, release.compose.project);
  return release.compose.services.flatMap(({ name, role, replicas }): ServiceState[] => {
    const own = containers.filter(
      (one) => one.service === name || one.labels[labels.service] === name,
    );
    if (own.length > 0) return own.map((one) => serviceState(one, role));
    if (replicas === 0) return [];
    const nothing = { health: null, image: "", startedAt: null, restarts: 0 };
    return [{ name, role, state: "absent", ...nothing }];
  });
}

function serviceState(container: Container, role: string): ServiceState {
  const { status, exitCode, health, image, startedAt, restarts } = container;
  const state = status === "exited" ? `exited (${exitCode})` : status;
  return { name: container.service, role, state, health, image, startedAt, restarts };
}

/** As it was rendered: what runs may be dead, or older than the settings. */
async function certificatesOfRelease(
  site: ComposeSite,
  release: ComposeRelease,
): Promise<CertificateState[]> {
  if (!existsSync(renderedPath(site, release, "blue"))) return [];
  const { services } = readRendered(site, release);
  const { proxy } = release.compose;
  const front =
    proxy === null
      ? switchedServices(release).map((name) => colourService(name, "blue"))
      : [proxy.service];
  const { certificatesOf } = await import("./certificates/stack-certificates.ts");
  const { domains } = release.settings;
  const all = front.map((name) => certificatesOf(services[name] ?? {}, domains, new Date()));
  return (await Promise.all(all)).flat();
}
