import { existsSync } from "node:fs";
import { join } from "node:path";
import { formatDuration } from "../../../config/quantity.ts";
import { usageError } from "../../../errors.ts";
import { type SwarmRelease, releaseFile, releaseFolder } from "../../release.ts";
import type { CertificateState, ReleaseState, ServiceState, TargetView } from "../../target.ts";
import { migrationPlaces } from "../compose/compose-release.ts";
import type { ServiceDefinition } from "../compose/stack-config.ts";
import { createPublicNodes } from "./public-nodes.ts";
import { wantedOf } from "./roll.ts";
import { standingOf } from "./service-standing.ts";
import {
  type SwarmService,
  type SwarmTask,
  definitionOf,
  hasFailed,
  isUp,
  listServices,
  listTasks,
  releaseOf,
} from "./services.ts";
import { asSwarm, backingServices, switchedServices } from "./swarm-release.ts";
import { type SwarmSite, maskRelease, readRendered } from "./swarm-site.ts";
import { lastLinesOfTask } from "./task-troubles.ts";

/** Looks at releases that are services of a Swarm. */
export function createSwarmView(site: SwarmSite): TargetView {
  const { input, docker } = site;
  const whoAnswers = createPublicNodes(site);
  return {
    kind: "swarm",
    async outline() {
      const { outlineSwarmStack } = await import("./read-swarm-stack.ts");
      return outlineSwarmStack(docker, input);
    },
    describe(release) {
      const { swarm, id } = asSwarm(release);
      const images = Object.entries(swarm.images).map(
        ([name, { pinned, digest }]) => `${name} ${digest ?? pinned}`,
      );
      return { code: `${swarm.name}, as release ${id} ran it: ${images.join(", ")}`, models: [] };
    },
    migrationFolders: ({ id }) =>
      (["studio", "project"] as const).map((origin) => ({
        folder: join(releaseFolder(input.paths, id), migrationPlaces[origin]),
        origin,
      })),
    succession: () => "rolling",
    describeSwitch: (release) => describeSwitch(asSwarm(release)),
    openStreams: async () => null,
    state: (release) => stateOf(site, asSwarm(release)),
    whoAnswers: (release) => whoAnswers(asSwarm(release)),
    lastLines: (release, count) => lastLines(site, asSwarm(release), count),
    publicUrl: (release) => asSwarm(release).swarm.front?.url ?? "",
    async logs(request) {
      const { showServiceLogs } = await import("./task-commands.ts");
      await showServiceLogs(site, request);
    },
    async execute(release, request) {
      if (release === null) throw nothingToRunIn(input.project.environment);
      const { executeInTask } = await import("./task-commands.ts");
      return executeInTask(site, asSwarm(release), request);
    },
    async reachDatabase(written) {
      const { reachDatabase } = await import("../compose/reach-database.ts");
      const { addressOfTask } = await import("./task-address.ts");
      return reachDatabase(site, written, addressOfTask);
    },
    backingServices: (release) => backingServices(asSwarm(release)),
    services: (release) => servicesOf(site, asSwarm(release)),
    certificates: (release) => certificatesOfRelease(site, asSwarm(release)),
    async audit() {
      const { auditSwarm } = await import("./audit-swarm.ts");
      return auditSwarm(docker, input);
    },
    async volumes(release) {
      const { volumesOf } = await import("./swarm-volumes.ts");
      return volumesOf(site, asSwarm(release));
    },
  };
}

function nothingToRunIn(environment: string) {
  return usageError(
    `Nothing has been deployed to "${environment}" yet: there is no container to run it in.`,
    "`studio deploy` brings up the first release.",
  );
}

function describeSwitch({ swarm }: SwarmRelease): string {
  const switched = swarm.services.filter(({ role }) => role === "switched");
  const names = switched.map(({ name, replicas }) => `${name} (${replicas})`).join(", ");
  const look = formatDuration(swarm.monitor);
  return `Swarm starts the tasks of ${names} in turns, each before the former ends, and rolls back by itself what fails within ${look}`;
}

async function stateOf(site: SwarmSite, release: SwarmRelease): Promise<ReleaseState> {
  const services = await listServices(site.docker, release.swarm.name);
  const tasks = await listTasks(site.docker, services);
  const switched = new Set(switchedServices(release));
  const own = services.filter(({ name }) => switched.has(name));
  const isGiven = own.length > 0 && own.every((one) => releaseOf(one) === release.id);
  const up = tasks.filter((one) => releaseOf(one) === release.id && isUp(one));
  const isKept = existsSync(releaseFile(site.input.paths, release.id));
  return {
    release: release.id,
    running: up.length > 0,
    accepting: up.length > 0 && isGiven,
    maintenance: null,
    // Swarm can be told of it at any time.
    canAccept: isKept,
    ready:
      isKept && [...switched].every((name) => isSettled(site, release, { name, services, tasks })),
    startedAt: up.map(({ at }) => at).toSorted()[0] ?? null,
    restarts: own.reduce((sum, one) => sum + endsSince(one, tasks), 0),
    requests: null,
    day: null,
  };
}

interface Scene {
  name: string;
  services: readonly SwarmService[];
  tasks: readonly SwarmTask[];
}

function isSettled(site: SwarmSite, release: SwarmRelease, { name, services, tasks }: Scene) {
  const service = services.find((one) => one.name === name) ?? null;
  return standingOf(wantedOf(site, release, name), service, tasks).state === "settled";
}

/** How many of a service's tasks failed since Swarm was done with its last change. */
function endsSince(service: SwarmService, tasks: readonly SwarmTask[]): number {
  return tasks.filter(
    (one) =>
      one.service === service.name &&
      definitionOf(one) === definitionOf(service) &&
      hasFailed(one) &&
      Date.parse(one.at) > Date.parse(service.changedAt),
  ).length;
}

async function lastLines(site: SwarmSite, release: SwarmRelease, count: number) {
  const { docker } = site;
  maskRelease(site, release);
  const services = await listServices(docker, release.swarm.name);
  const own = (await listTasks(docker, services))
    .filter((one) => releaseOf(one) === release.id)
    .toSorted((a, b) => b.at.localeCompare(a.at));
  const lines: string[] = [];
  for (const task of own.slice(0, 3))
    lines.unshift(...(await lastLinesOfTask(docker, task, count)));
  return lines.slice(-count);
}

async function servicesOf({ docker }: SwarmSite, release: SwarmRelease): Promise<ServiceState[]> {
  const services = await listServices(docker, release.swarm.name);
  const tasks = await listTasks(docker, services);
  return release.swarm.services.map(({ name, role }): ServiceState => {
    const service = services.find((one) => one.name === name);
    const nothing = { health: null, image: "", startedAt: null, restarts: 0 };
    if (service === undefined) return { name, role, state: "absent", ...nothing };
    const own = tasks.filter((one) => one.service === name);
    const up = own.filter(isUp);
    return {
      name,
      role,
      state: stateWord(service, own),
      health: service.checked && up.length > 0 ? "healthy" : null,
      image: service.image,
      startedAt: up.map(({ at }) => at).toSorted()[0] ?? null,
      restarts: endsSince(service, tasks),
    };
  });
}

/** `running` where each task does; one that has done its work is what Compose calls `exited (0)`. */
function stateWord({ replicas }: SwarmService, tasks: readonly SwarmTask[]): string {
  const up = tasks.filter(isUp).length;
  const wanted = replicas ?? tasks.filter(({ desired }) => desired === "running").length;
  if (up >= wanted && up > 0) return "running";
  if (up === 0 && tasks.some(({ state }) => state === "complete")) return "exited (0)";
  const trouble = tasks.find((one) => one.desired !== "shutdown" && !isUp(one))?.trouble ?? "";
  return `${up} of ${wanted} run${trouble === "" ? "" : `: ${trouble}`}`;
}

/** As it was rendered, met at this node's address. */
async function certificatesOfRelease(
  site: SwarmSite,
  release: SwarmRelease,
): Promise<CertificateState[]> {
  const { front } = release.swarm;
  if (front === null || !existsSync(releaseFile(site.input.paths, release.id))) return [];
  const file = readRendered(site, release, front.service);
  const definition = file.services[front.service] as Omit<ServiceDefinition, "ports"> & {
    ports?: { target: number; published?: number }[];
  };
  const ports = (definition.ports ?? []).map(({ target, published }) => ({
    target,
    published: `${published ?? ""}`,
    host_ip: new URL(front.url).hostname,
  }));
  const { certificatesOf } = await import("../compose/certificates/stack-certificates.ts");
  return certificatesOf({ ...definition, ports }, release.settings.domains, new Date());
}
