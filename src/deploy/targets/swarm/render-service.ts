import type { StackService } from "../../release.ts";
import { restartPolicyOf } from "../compose/return-with-engine.ts";
import type { PortMapping, ServiceDefinition } from "../compose/stack-config.ts";
import { type ObjectKind, objectKinds } from "./objects.ts";
import { type Rollout, ingressPorts, renderRollout } from "./rollout.ts";

/** What Swarm takes as Compose resolved it. */
const passedOn = (
  "cap_add cap_drop command dns dns_search entrypoint hostname init logging read_only stdin_open " +
  "stop_grace_period stop_signal sysctls tmpfs tty ulimits user working_dir"
).split(" ");

/** What is told in other words, was decided already, or says nothing to Swarm. */
const translated = (
  "annotations attach build cpus configs container_name depends_on deploy develop domainname " +
  "environment expose extra_hosts healthcheck image labels mem_limit mem_reservation networks " +
  "platform ports profiles pull_policy restart scale secrets volumes"
).split(" ");

/** What the operator wrote and Swarm does not do; it is left out, and said in the plan. */
export function untranslated(definition: ServiceDefinition): string[] {
  const known = new Set([...passedOn, ...translated]);
  const left = Object.keys(definition).filter(
    (key) => !known.has(key) && !key.startsWith("x-") && definition[key] !== null,
  );
  return definition.container_name === undefined ? left : [...left, "container_name"];
}

export interface ServiceInput {
  definition: ServiceDefinition;
  role: StackService["role"];
  image: string;
  replicas: number;
  rollout: Rollout;
  /** Others wait for its end. */
  isAwaited: boolean;
  /** The kernel cannot balance virtual addresses: names are those of the tasks. */
  withoutVirtualAddress: boolean;
}

/** A service in the words of Compose's version 3, which are all that `docker stack deploy` knows. */
export function renderService(input: ServiceInput): Record<string, unknown> {
  const { definition, image } = input;
  const { environment, extra_hosts: hosts, healthcheck, networks } = definition;
  return defined({
    ...Object.fromEntries(
      passedOn.map((key) => [key, definition[key]]).filter(([, value]) => value !== null),
    ),
    image,
    environment: environment && withoutUnset(environment),
    // Compose writes `name=address`.
    extra_hosts: (hosts as string[] | undefined)?.map((one) => one.replace("=", ":")),
    healthcheck: healthcheck && defined({ ...healthcheck, start_interval: undefined }),
    networks: networks && Object.fromEntries(Object.entries(networks).map(aliasesAlone)),
    ports: definition.ports?.map(portOf),
    volumes: definition.volumes?.map(mountOf),
    ...Object.fromEntries(objectKinds.map((kind) => [kind, usesOf(definition, kind)])),
    deploy: deployOf(input),
  });
}

function deployOf(input: ServiceInput) {
  const { definition, replicas, rollout, isAwaited, withoutVirtualAddress } = input;
  const { deploy = {} } = definition;
  const isGlobal = deploy.mode === "global";
  const direct = withoutVirtualAddress && ingressPorts(definition).length === 0;
  return defined({
    mode: isGlobal ? "global" : undefined,
    replicas: isGlobal ? undefined : replicas,
    endpoint_mode: deploy.endpoint_mode ?? (direct ? "dnsrr" : undefined),
    placement: deploy.placement,
    resources: resourcesOf(definition),
    restart_policy: deploy.restart_policy ?? { condition: conditionOf(definition, isAwaited) },
    ...renderRollout(definition, rollout),
    labels: deploy.labels,
  });
}

/** Compose starts nothing again that is not told so; Swarm does, which is what it is there for. */
function conditionOf(definition: ServiceDefinition, isAwaited: boolean): string {
  if (isAwaited) return "on-failure";
  return restartPolicyOf(definition).startsWith("on-failure") ? "on-failure" : "any";
}

function resourcesOf({ deploy, mem_limit, mem_reservation, cpus }: ServiceDefinition) {
  const { limits, reservations } = deploy?.resources ?? {};
  const all = {
    limits: quantities({ memory: mem_limit, cpus, ...limits }),
    reservations: quantities({ memory: mem_reservation, ...reservations }),
  };
  return Object.values(all).every((one) => one === undefined) ? undefined : defined(all);
}

/** Of limits of other kinds Swarm knows the number of processes, which is a number. */
function quantities(written: Record<string, unknown>) {
  const known = Object.entries(written).flatMap(([key, value]) => {
    if (value === undefined || value === null) return [];
    if (key === "pids") return [[key, Number(value)]];
    return key === "memory" || key === "cpus" ? [[key, `${value as string | number}`]] : [];
  });
  return known.length === 0 ? undefined : (Object.fromEntries(known) as Record<string, unknown>);
}

function portOf({ target, published, protocol, mode }: PortMapping) {
  return defined({
    target,
    published: published === undefined ? undefined : Number(published),
    protocol,
    mode,
  });
}

interface Mount {
  type: string;
  source?: string;
  target: string;
  read_only?: boolean;
  bind?: { propagation?: string };
  volume?: { nocopy?: boolean };
  tmpfs?: { size?: unknown };
}

function mountOf({ type, source, target, read_only, bind, volume, tmpfs }: Mount) {
  return defined({
    type,
    source,
    target,
    read_only,
    bind: bind?.propagation === undefined ? undefined : { propagation: bind.propagation },
    volume: volume?.nocopy === undefined ? undefined : { nocopy: volume.nocopy },
    tmpfs: tmpfs?.size === undefined ? undefined : { size: Number(tmpfs.size) },
  });
}

function aliasesAlone([name, one]: [string, { aliases?: string[] } | null]) {
  return [name, one?.aliases === undefined ? null : { aliases: one.aliases }];
}

function usesOf(definition: ServiceDefinition, kind: ObjectKind) {
  const uses = definition[kind] as Record<string, unknown>[] | undefined;
  return uses?.map((one) =>
    typeof one["mode"] === "string" ? { ...one, mode: Number.parseInt(one["mode"], 8) } : one,
  );
}

/** A variable that is passed on, and was not set, would be set by whoever deploys later. */
function withoutUnset(environment: Record<string, string | null>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== null));
}

function defined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, one]) => one !== undefined));
}
