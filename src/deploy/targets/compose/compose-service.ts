import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, exitCodes, usageError } from "../../../errors.ts";
import type { ComposeRelease } from "../../release.ts";
import type { CommandRequest, LogRequest } from "../../target.ts";
import { labels } from "./colours.ts";
import { asCompose, switchedServices } from "./compose-release.ts";
import type { ComposeSite } from "./compose-site.ts";
import { type Container, listContainers } from "./containers.ts";

/** Runs a command in a service's container; @throws StudioError (exit 8) where none runs */
export async function executeInStack(
  { docker }: ComposeSite,
  release: ComposeRelease,
  { command, service, terminal }: CommandRequest,
): Promise<number> {
  const name = service ?? switchedServices(release)[0] ?? "";
  const containers = await containersOfService({ docker }, release, name);
  const container = containers.find(({ running }) => running);
  if (container === undefined) {
    throw new StudioError({
      code: "service.down",
      message: `No container of ${name} runs.`,
      hint: "`studio status` shows every service, `studio up` starts them.",
      exitCode: exitCodes.unavailable,
    });
  }
  return docker.handThrough(["exec", terminal ? "-it" : "-i", container.id, ...command]);
}

/** What the containers of a service write, one line after the other. */
export async function showStackLogs(site: ComposeSite, request: LogRequest): Promise<void> {
  const { signal, write, follow } = request;
  const first = await loggingContainers(site, request);
  let after = ["--tail", String(request.lines)];
  let known: readonly Container[] = first;
  for (;;) {
    await Promise.all(
      known.map(({ id }) => {
        const argv = ["logs", ...after, ...(follow ? ["--follow"] : []), id];
        return site.docker.follow(argv, { signal, write });
      }),
    );
    if (!follow || signal.aborted) return;
    // They ended: the release was replaced, or is started again.
    await sleep(500, undefined, { signal }).catch(() => {});
    const seen = new Set(known.map(({ id }) => id));
    known = await loggingContainers(site, request);
    after = known.every(({ id }) => seen.has(id)) ? ["--tail", "0"] : ["--tail", "all"];
  }
}

async function loggingContainers(
  site: ComposeSite,
  { release, service }: LogRequest,
): Promise<Container[]> {
  const record = asCompose(release());
  const names = service === null ? switchedServices(record) : [service];
  const found = await Promise.all(names.map((name) => containersOfService(site, record, name)));
  return found.flat();
}

/** Of a switched service those of the release alone. */
async function containersOfService(
  { docker }: Pick<ComposeSite, "docker">,
  release: ComposeRelease,
  name: string,
): Promise<Container[]> {
  const { project, services } = release.compose;
  if (!services.some((one) => one.name === name)) {
    throw usageError(
      `There is no service "${name}" in ${project}.`,
      `Its services: ${services.map((one) => one.name).join(", ")}.`,
    );
  }
  const all = await listContainers(docker, project);
  return all.filter(({ service, labels: own }) =>
    own[labels.service] === undefined
      ? service === name
      : own[labels.service] === name && own[labels.release] === release.id,
  );
}
