import { labels } from "../compose/colours.ts";
import { type Docker, goneMeanwhile } from "../compose/docker.ts";

/** What Swarm says of the last change of a service; null where it was made and never changed. */
export type UpdateState =
  | "updating"
  | "paused"
  | "completed"
  | "rollback_started"
  | "rollback_paused"
  | "rollback_completed";

/** A service of a stack as Swarm is told it. */
export interface SwarmService {
  id: string;
  /** As the operator's files name it. */
  name: string;
  /** Of its tasks. */
  labels: Record<string, string>;
  image: string;
  /** Null: one on every node. */
  replicas: number | null;
  update: { state: UpdateState; message: string } | null;
  /** When what it is, or what Swarm says of its update, was changed last. */
  changedAt: string;
  checked: boolean;
  /** A task that ended well is started again: it was to go on. */
  goesOn: boolean;
}

/** A container that Swarm runs, ran or wants to run. */
export interface SwarmTask {
  id: string;
  service: string;
  node: string;
  labels: Record<string, string>;
  /** What Swarm wants of it. */
  desired: string;
  /** `running` once it is healthy, where it has a health check. */
  state: string;
  /** Why it is not what Swarm wants; empty where it is. */
  trouble: string;
  at: string;
  container: string;
}

interface InspectedService {
  ID: string;
  UpdatedAt: string;
  Spec: {
    Name: string;
    Mode: { Replicated?: { Replicas?: number } };
    TaskTemplate: {
      RestartPolicy?: { Condition?: string };
      ContainerSpec: {
        Image: string;
        Labels?: Record<string, string> | null;
        Healthcheck?: { Test?: string[] };
      };
    };
  };
  UpdateStatus?: { State?: UpdateState; Message?: string };
}

interface InspectedTask {
  ID: string;
  ServiceID: string;
  NodeID?: string;
  DesiredState: string;
  Spec: { ContainerSpec?: { Labels?: Record<string, string> | null } };
  Status: {
    State: string;
    Timestamp: string;
    Message?: string;
    Err?: string;
    ContainerStatus?: { ContainerID?: string };
  };
}

export const stackLabel = "com.docker.stack.namespace";

export async function listServices(docker: Docker, stack: string): Promise<SwarmService[]> {
  const listed = await docker.ask([
    "service",
    "ls",
    "-q",
    "--filter",
    `label=${stackLabel}=${stack}`,
  ]);
  const found = await inspect<InspectedService>(docker, "service", words(listed));
  return found.map((one) => serviceOf(one, stack));
}

/** All tasks that Swarm remembers, those that have ended too. */
export async function listTasks(
  docker: Docker,
  services: readonly SwarmService[],
): Promise<SwarmTask[]> {
  if (services.length === 0) return [];
  const names = new Map(services.map(({ id, name }) => [id, name]));
  const argv = ["service", "ps", "-q", "--no-trunc", ...names.keys()];
  const listed = await docker.ask(argv, { despite: goneMeanwhile });
  const found = await inspect<InspectedTask>(docker, "task", words(listed));
  return found.map((one) => taskOf(one, names.get(one.ServiceID) ?? ""));
}

/** Those that serve, or will in a moment. */
export const isUp = ({ desired, state }: SwarmTask): boolean =>
  desired === "running" && state === "running";

export const hasFailed = ({ state }: SwarmTask): boolean =>
  state === "failed" || state === "rejected";

export const definitionOf = ({ labels: own }: Pick<SwarmTask, "labels">): string =>
  own[labels.definition] ?? "";

export const releaseOf = ({ labels: own }: Pick<SwarmTask, "labels">): string | null =>
  own[labels.release] ?? null;

const words = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** One may be gone by now: the others are told all the same. */
async function inspect<T>(docker: Docker, type: string, ids: readonly string[]): Promise<T[]> {
  if (ids.length === 0) return [];
  const told = await docker.ask(["inspect", "--type", type, ...ids], { despite: goneMeanwhile });
  return JSON.parse(told || "[]") as T[];
}

function serviceOf({ ID, UpdatedAt, Spec, UpdateStatus }: InspectedService, stack: string) {
  const { ContainerSpec, RestartPolicy } = Spec.TaskTemplate;
  const { State, Message = "" } = UpdateStatus ?? {};
  const replicated = Spec.Mode.Replicated;
  const check = ContainerSpec.Healthcheck?.Test;
  return {
    id: ID,
    name: Spec.Name.slice(stack.length + 1),
    labels: ContainerSpec.Labels ?? {},
    image: ContainerSpec.Image,
    replicas: replicated === undefined ? null : (replicated.Replicas ?? 1),
    update: State === undefined ? null : { state: State, message: Message },
    changedAt: UpdatedAt,
    checked: check !== undefined && check[0] !== "NONE",
    goesOn: (RestartPolicy?.Condition ?? "any") === "any",
  } satisfies SwarmService;
}

function taskOf({ ID, NodeID, DesiredState, Spec, Status }: InspectedTask, service: string) {
  const { State, Timestamp, Message = "", Err = "", ContainerStatus } = Status;
  return {
    id: ID,
    service,
    node: NodeID ?? "",
    labels: Spec.ContainerSpec?.Labels ?? {},
    desired: DesiredState,
    state: State,
    trouble: Err === "" && ["pending", "failed", "rejected"].includes(State) ? Message : Err,
    at: Timestamp,
    container: ContainerStatus?.ContainerID ?? "",
  } satisfies SwarmTask;
}
