import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, exitCodes, usageError } from "../../../errors.ts";
import type { SwarmRelease } from "../../release.ts";
import type { CommandRequest, LogRequest } from "../../target.ts";
import { type SwarmTask, isUp, listServices, listTasks, releaseOf } from "./services.ts";
import { readSwarmFacts } from "./swarm-facts.ts";
import { asSwarm, switchedServices } from "./swarm-release.ts";
import { type SwarmSite, maskRelease } from "./swarm-site.ts";

/**
 * Runs a command in a task of a service on this node.
 * @throws StudioError (exit 8) where none runs, or on other nodes alone
 */
export async function executeInTask(
  site: SwarmSite,
  release: SwarmRelease,
  { command, service, terminal }: CommandRequest,
): Promise<number> {
  const name = service ?? switchedServices(release)[0] ?? "";
  const running = (await tasksOfService(site, release, name)).filter(isUp);
  const { id, nodes } = await readSwarmFacts(site.docker);
  const task = running.find((one) => one.node === id);
  if (task !== undefined) {
    return site.docker.handThrough(["exec", terminal ? "-it" : "-i", task.container, ...command]);
  }
  const [elsewhere] = running;
  const node = nodes.find((one) => one.id === elsewhere?.node)?.name;
  throw new StudioError({
    code: "service.down",
    message:
      elsewhere === undefined
        ? `No task of ${name} runs.`
        : `The tasks of ${name} run on other nodes, such as ${node}.`,
    hint:
      elsewhere === undefined
        ? "`studio status` shows every service, `studio up` starts them."
        : `On ${node}: \`docker exec ${elsewhere.container.slice(0, 12)} ${command.join(" ")}\`.`,
    exitCode: exitCodes.unavailable,
  });
}

/** What the tasks of a service write, on whichever nodes, one line after the other. */
export async function showServiceLogs(site: SwarmSite, request: LogRequest): Promise<void> {
  const { signal, follow, services } = request;
  const writeOf = (task: SwarmTask) => (line: string) =>
    request.write(services.length > 1 ? `${task.service} | ${line}` : line);
  const seen = new Set<string>();
  let lines = String(request.lines);
  let known = await loggingTasks(site, request);
  for (;;) {
    for (const { id } of known) seen.add(id);
    const ending = new AbortController();
    const both = AbortSignal.any([signal, ending.signal]);
    const writing = Promise.all(
      known.map((task) => {
        const argv = [
          "service",
          "logs",
          "--raw",
          "--tail",
          lines,
          ...(follow ? ["--follow"] : []),
          task.id,
        ];
        return site.docker.follow(argv, { signal: both, write: writeOf(task) });
      }),
    );
    if (!follow) return void (await writing);
    // Following a task goes on when it has ended: its successors are looked for.
    known = await newTasks(site, request, seen);
    ending.abort();
    await writing;
    if (signal.aborted) return;
    lines = "all";
  }
}

/** Resolves once there are tasks that were not seen, or at the signal. */
async function newTasks(
  site: SwarmSite,
  request: LogRequest,
  seen: ReadonlySet<string>,
): Promise<SwarmTask[]> {
  while (!request.signal.aborted) {
    await sleep(1000, undefined, { signal: request.signal }).catch(() => {});
    const found = await loggingTasks(site, request).catch(() => []);
    if (found.some(({ id }) => !seen.has(id))) return found.filter(({ id }) => !seen.has(id));
  }
  return [];
}

async function loggingTasks(
  site: SwarmSite,
  { release, services }: LogRequest,
): Promise<SwarmTask[]> {
  const record = asSwarm(release());
  maskRelease(site, record);
  const names = services.length > 0 ? services : switchedServices(record);
  const found = await Promise.all(names.map((name) => tasksOfService(site, record, name)));
  return found.flat().filter(({ container }) => container !== "");
}

/** Of a service that makes the release those of the release alone. */
async function tasksOfService(
  { docker }: SwarmSite,
  release: SwarmRelease,
  name: string,
): Promise<SwarmTask[]> {
  const { name: stack, services } = release.swarm;
  if (!services.some((one) => one.name === name)) {
    throw usageError(
      `There is no service "${name}" in ${stack}.`,
      `Its services: ${services.map((one) => one.name).join(", ")}.`,
    );
  }
  const present = (await listServices(docker, stack)).filter((one) => one.name === name);
  const tasks = await listTasks(docker, present);
  if (!switchedServices(release).includes(name)) return tasks;
  return tasks.filter((one) => releaseOf(one) === release.id);
}
