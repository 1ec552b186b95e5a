import type { ComposeRelease } from "../../release.ts";
import type { Look } from "../../target.ts";
import { labels as studio } from "./colours.ts";
import { type Docker, goneMeanwhile } from "./docker.ts";

/** A container as the engine knows it. */
export interface Container {
  id: string;
  name: string;
  /** The Compose service's name. */
  service: string;
  labels: Record<string, string>;
  running: boolean;
  /** `running`, `exited`, `restarting`, … */
  status: string;
  exitCode: number;
  /** Null where it has no health check. */
  health: "starting" | "healthy" | "unhealthy" | null;
  startedAt: string | null;
  /** When it ended the last time; null while it runs. */
  endedAt: string | null;
  restarts: number;
  /** `always`, `on-failure:3`, … */
  restart: string;
  /** As it was named when the container was made. */
  image: string;
  imageId: string;
  /** Addresses, one for each network. */
  addresses: string[];
  /** What it was told to run: the entry point and its arguments. */
  command: string[];
  mounts: { source: string; destination: string }[];
}

interface Inspected {
  Id: string;
  Name: string;
  Image: string;
  Path: string;
  Args: string[] | null;
  RestartCount: number;
  State: {
    Status: string;
    Running: boolean;
    Restarting: boolean;
    ExitCode: number;
    StartedAt: string;
    FinishedAt: string;
    Health?: { Status: string };
  };
  HostConfig: {
    NetworkMode: string;
    RestartPolicy?: { Name: string; MaximumRetryCount: number };
  };
  Config: { Image: string; Labels: Record<string, string> | null };
  NetworkSettings: { Networks: Record<string, { IPAddress: string }> };
  Mounts: { Source: string; Destination: string }[];
}

/**
 * All containers of a Compose project's services, those that have ended too; not those of
 * `docker compose run`, which bear the name of a service and are none.
 */
export function listContainers(docker: Docker, project: string, look?: Look): Promise<Container[]> {
  return docker.recall(
    `containers of ${project}`,
    (before: Container[] | null) => askForContainers(docker, project, before ?? []),
    look,
  );
}

/** @param before what was there the last time, which most often is there still */
async function askForContainers(
  docker: Docker,
  project: string,
  before: readonly Container[],
): Promise<Container[]> {
  const filters = [
    `label=com.docker.compose.project=${project}`,
    "label=com.docker.compose.oneoff=False",
  ].flatMap((filter) => ["--filter", filter]);
  const listed = docker.ask(["ps", "-aq", "--no-trunc", ...filters]);
  const known = inspectAll(
    docker,
    before.map(({ id }) => id),
  );
  known.catch(() => undefined);
  const wanted = (await listed).split("\n").filter((id) => id !== "");
  const isAsBefore =
    wanted.length === before.length && before.every(({ id }) => wanted.includes(id));
  return isAsBefore ? known : inspectAll(docker, wanted);
}

async function inspectAll(docker: Docker, ids: readonly string[]): Promise<Container[]> {
  if (ids.length === 0) return [];
  // One may be gone by now: the others are told all the same.
  const inspect = ["container", "inspect", ...ids];
  const told = await docker.ask(inspect, { despite: goneMeanwhile });
  return (JSON.parse(told || "[]") as Inspected[]).map(containerOf);
}

/** The switched containers of a release, whether they run or not. */
export async function containersOf(
  docker: Docker,
  release: ComposeRelease,
  look?: Look,
): Promise<Container[]> {
  const all = await listContainers(docker, release.compose.project, look);
  return all.filter((one) => one.labels[studio.release] === release.id);
}

/** The last lines that a container wrote, on either stream. */
export async function lastLinesOf(
  docker: Docker,
  { id }: Container,
  count: number,
): Promise<string[]> {
  const { stdout, stderr } = await docker.attempt(["logs", "--tail", String(count), id]);
  return `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
}

function addressesOf({ HostConfig, NetworkSettings }: Inspected): string[] {
  if (HostConfig.NetworkMode === "host") return ["127.0.0.1"];
  return Object.values(NetworkSettings.Networks)
    .map(({ IPAddress }) => IPAddress)
    .filter((address) => address !== "");
}

function policyOf({ HostConfig: { RestartPolicy } }: Inspected): string {
  const { Name = "", MaximumRetryCount = 0 } = RestartPolicy ?? {};
  return MaximumRetryCount > 0 ? `${Name}:${MaximumRetryCount}` : Name || "no";
}

function containerOf(one: Inspected): Container {
  const { State, Config } = one;
  const labels = Config.Labels ?? {};
  return {
    id: one.Id,
    name: one.Name.replace(/^\//, ""),
    service: labels["com.docker.compose.service"] ?? "",
    labels,
    running: State.Running && !State.Restarting,
    status: State.Status,
    exitCode: State.ExitCode,
    health: (State.Health?.Status ?? null) as Container["health"],
    startedAt: State.Running ? State.StartedAt : null,
    endedAt: State.Running ? null : State.FinishedAt,
    restarts: one.RestartCount,
    restart: policyOf(one),
    image: Config.Image,
    imageId: one.Image,
    addresses: addressesOf(one),
    command: [one.Path, ...(one.Args ?? [])],
    mounts: one.Mounts.map(({ Source, Destination }) => ({
      source: Source,
      destination: Destination,
    })),
  };
}
