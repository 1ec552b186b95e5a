import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, exitCodes, usageError } from "../../../errors.ts";
import type { ComposeRelease } from "../../release.ts";
import type { CommandRequest, LogRequest } from "../../target.ts";
import { labels } from "./colours.ts";
import { asCompose, switchedServices } from "./compose-release.ts";
import { type ComposeSite, maskRelease } from "./compose-site.ts";
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

/** What the containers of services write, as they are at work and by those that take their places. */
export async function showStackLogs(site: ComposeSite, request: LogRequest): Promise<void> {
  const release = asCompose(request.release());
  const names = request.services.length > 0 ? request.services : switchedServices(release);
  for (const name of names) requireService(release, name);
  maskRelease(site, release);
  const whose = (name: string) => (request.services.length > 1 ? `${name} | ` : "");
  const showing = names.map((name) => () => {
    const write = (line: string) => request.write(`${whose(name)}${line}`);
    return request.follow
      ? followService(site, name, { ...request, write })
      : showService(site, name, { ...request, write });
  });
  if (request.follow) return void (await Promise.all(showing.map((show) => show())));
  for (const show of showing) await show();
}

type Writing = Omit<LogRequest, "services">;

async function showService(site: ComposeSite, name: string, request: Writing): Promise<void> {
  const { lines, signal, write } = request;
  for (const { id } of await containersOfService(site, asCompose(request.release()), name)) {
    await site.docker.follow(["logs", "--tail", String(lines), id], { signal, write });
  }
}

async function followService(site: ComposeSite, name: string, request: Writing): Promise<void> {
  const { lines, signal, write } = request;
  const begun = new Date();
  /** When what a container wrote was over, by its id. */
  const over = new Map<string, Date>();
  for (let isFirst = true; ; isFirst = false) {
    const release = asCompose(request.release());
    maskRelease(site, release);
    const known = await containersOfService(site, release, name);
    const following = known.map(async ({ id }) => {
      // One that is returned to has a log of former days.
      const since = ["--since", (over.get(id) ?? begun).toISOString()];
      const from = isFirst ? ["--tail", String(lines)] : since;
      await site.docker.follow(["logs", ...from, "--follow", id], { signal, write });
      over.set(id, new Date());
    });
    await Promise.all(following);
    if (signal.aborted) return;
    // They ended: the release was replaced, or is started again.
    await sleep(500, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
  }
}

/** Of a switched service those of the release alone. */
async function containersOfService(
  { docker }: Pick<ComposeSite, "docker">,
  release: ComposeRelease,
  name: string,
): Promise<Container[]> {
  requireService(release, name);
  const all = await listContainers(docker, release.compose.project);
  return all.filter(({ service, labels: own }) =>
    own[labels.service] === undefined
      ? service === name
      : own[labels.service] === name && own[labels.release] === release.id,
  );
}

function requireService({ compose }: ComposeRelease, name: string): void {
  const { project, services } = compose;
  if (services.some((one) => one.name === name)) return;
  throw usageError(
    `There is no service "${name}" in ${project}.`,
    `Its services: ${services.map((one) => one.name).join(", ")}.`,
  );
}
