import type { StackService } from "../../release.ts";
import type { ServiceDefinition, UpdateConfig } from "../compose/stack-config.ts";
import { parseGoDuration } from "./go-duration.ts";

export type Order = "start-first" | "stop-first";

export interface Rollout {
  order: Order;
  /** Tasks at a time; 0: all. */
  parallelism: number;
  /** Between two of them, in milliseconds. */
  delay: number;
  /** How long each is looked at, in milliseconds. */
  monitor: number;
}

/**
 * How Swarm is to replace a service's tasks: as the operator wrote it, but that one is looked at for
 * as long as the settings ask at least. What holds data, or a port of the machine, cannot be there twice.
 */
export function rolloutOf(
  definition: ServiceDefinition,
  role: StackService["role"],
  monitor: number,
): Rollout {
  const written = definition.deploy?.update_config ?? {};
  return {
    order: isOrder(written.order) ? written.order : usualOrder(definition, role),
    parallelism: written.parallelism ?? 1,
    delay: parseGoDuration(written.delay ?? "") ?? 0,
    monitor: Math.max(monitor, parseGoDuration(written.monitor ?? "") ?? 0),
  };
}

const isOrder = (text: string | undefined): text is Order =>
  text === "start-first" || text === "stop-first";

/** A release starts first whatever it claims: where that never ends it is refused, not stopped. */
function usualOrder(definition: ServiceDefinition, role: StackService["role"]): Order {
  if (role === "switched") return "start-first";
  return role === "stateful" || hostPorts(definition).length > 0 ? "stop-first" : "start-first";
}

export const hostPorts = ({ ports = [] }: Pick<ServiceDefinition, "ports">) =>
  ports.filter(({ mode }) => mode === "host");

export const ingressPorts = ({ ports = [] }: Pick<ServiceDefinition, "ports">) =>
  ports.filter(({ mode }) => mode !== "host");

/** The same for `docker stack deploy`; Swarm's own rollback stops where it fails as well. */
export function renderRollout(definition: ServiceDefinition, rollout: Rollout) {
  const { update_config: update, rollback_config: back } = definition.deploy ?? {};
  return {
    update_config: { ...rendered(rollout, update), failure_action: "rollback" },
    rollback_config: { ...rendered(rollout, back ?? update), failure_action: "pause" },
  };
}

function rendered(
  { order, parallelism, delay, monitor }: Rollout,
  { max_failure_ratio: ratio }: UpdateConfig = {},
) {
  return {
    parallelism,
    order,
    delay: `${delay}ms`,
    monitor: `${monitor}ms`,
    ...(ratio === undefined ? {} : { max_failure_ratio: ratio }),
  };
}

/** What of the operator's words is not kept, for the plan. */
export function remarksOnRollout(
  name: string,
  { deploy }: ServiceDefinition,
  monitor: number,
): string[] {
  const written = deploy?.update_config ?? {};
  const shorter = parseGoDuration(written.monitor ?? "");
  const action = written.failure_action;
  return [
    ...(shorter !== null && shorter < monitor
      ? [
          `${name} asks to be looked at for ${written.monitor}: ${monitor / 1000} s it is, the least that swarm.monitor allows.`,
        ]
      : []),
    ...(action !== undefined && action !== "rollback"
      ? [
          `${name} has the failure action ${action}: a deploy that fails is rolled back all the same.`,
        ]
      : []),
  ];
}
