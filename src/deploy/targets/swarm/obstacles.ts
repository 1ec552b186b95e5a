import type { StackService } from "../../release.ts";
import type { Obstacle } from "../compose/gap.ts";
import type { PortMapping, ServiceDefinition, StackConfig } from "../compose/stack-config.ts";
import type { ImageTraits } from "./image-traits.ts";
import { hostPorts, ingressPorts, rolloutOf } from "./rollout.ts";
import { type SwarmFacts, readyNodes } from "./swarm-facts.ts";

export interface Shape {
  config: StackConfig;
  services: readonly StackService[];
  facts: SwarmFacts;
  /** What the images that are here say of themselves, by service. */
  images: ReadonlyMap<string, ImageTraits>;
  /** Where the Compose target would have studio write a proxy's files. */
  proxyFolder: string;
}

interface Scene extends Shape {
  nodes: number;
}

/** What of a stack Swarm cannot run, could never finish, or would do otherwise than it reads. */
export function obstaclesOf(shape: Shape): Obstacle[] {
  const scene = { ...shape, nodes: readyNodes(shape.facts).length };
  return shape.services.flatMap((service) => {
    const definition = shape.config.services[service.name] ?? {};
    return [
      ...withoutCheck(scene, service, definition),
      ...untranslatable(service.name, definition),
      ...addresses(scene, service.name, definition),
      ...endless(scene, service, definition),
      ...local(scene, service.name, definition),
    ];
  });
}

/** Without one Swarm takes a process that runs for one that answers, and has no reason to roll back. */
function withoutCheck(
  { images }: Scene,
  { name, role }: StackService,
  { healthcheck }: ServiceDefinition,
): Obstacle[] {
  if (role !== "switched") return [];
  const written = healthcheck?.["test"];
  const disabled =
    healthcheck?.disable === true || (Array.isArray(written) && written[0] === "NONE");
  const image = images.get(name);
  // One that is still to be pulled is asked once it is here.
  const has = !disabled && (written !== undefined || image === undefined || image.checked);
  if (has) return [];
  return [
    {
      why: `${name} has no health check, so Swarm could not tell that it does not work`,
      change: `Add services.${name}.healthcheck, such as \`{ test: ["CMD", "curl", "-fsS", "http://127.0.0.1:8000/health/ready"], interval: 5s }\`.`,
    },
  ];
}

const impossible: Readonly<Record<string, string>> = {
  cgroup_parent: "a parent of its control group",
  devices: "devices",
  external_links: "links",
  gpus: "GPUs",
  ipc: "a shared IPC namespace",
  links: "links",
  network_mode: "a network mode",
  pid: "a shared PID namespace",
  privileged: "privileges",
  runtime: "a runtime",
  userns_mode: "a user namespace",
  volumes_from: "volumes from another service",
};

function untranslatable(name: string, definition: ServiceDefinition): Obstacle[] {
  const keys = Object.keys(impossible).filter(
    (key) => ![undefined, null, false].includes(definition[key] as null),
  );
  const jobs = definition.deploy?.mode?.endsWith("job") === true ? [definition.deploy.mode] : [];
  const fixed = Object.entries(definition.networks ?? {}).find(([, one]) => one?.ipv4_address);
  return [
    ...keys.map((key) => ({
      why: `${name} asks for ${impossible[key]}, which Swarm does not have`,
      change: `Remove services.${name}.${key}, or deploy with \`target: compose\`.`,
    })),
    ...jobs.map((mode) => ({
      why: `${name} has the mode ${mode}, whose end studio does not wait for`,
      change: `Remove services.${name}.deploy.mode, or run it by a job of studio.yaml's \`schedule\`.`,
    })),
    ...(fixed === undefined
      ? []
      : [
          {
            why: `${name} has a fixed address on the network ${fixed[0]}, which Swarm does not give`,
            change: `Remove services.${name}.networks.${fixed[0]}.ipv4_address.`,
          },
        ]),
  ];
}

const shown = ({ target, published }: PortMapping): string => `${published ?? "any"}:${target}`;

function addresses({ facts }: Scene, name: string, definition: ServiceDefinition): Obstacle[] {
  const { ports = [], deploy = {} } = definition;
  const found: Obstacle[] = [];
  const bound = ports.filter(({ host_ip: ip = "" }) => !["", "0.0.0.0", "::"].includes(ip));
  for (const { host_ip: ip, ...port } of bound) {
    found.push({
      why: `${name} publishes ${shown(port)} on ${ip} alone, and Swarm would do so on every address`,
      change: `Remove that port of services.${name}: others of the stack reach it without, and \`studio exec\` does.`,
    });
  }
  const ingress = ingressPorts(definition).filter((one) => !bound.includes(one));
  const byHost = ingress.map(
    ({ target, published }) =>
      `{ target: ${target}, published: ${published ?? target}, mode: host }`,
  );
  const change = `Write services.${name}.ports as [${byHost.join(", ")}], and \`deploy: { endpoint_mode: dnsrr }\`.`;
  if (ingress.length > 0 && facts.ipvs === false) {
    const why = `${name} publishes ${ingress.map(shown).join(", ")} by the ingress network, which needs IPVS, and this kernel has none: nobody would be answered`;
    found.push({ why, change });
  } else if (ingress.length > 0 && deploy.endpoint_mode === "dnsrr") {
    const why = `${name} has the endpoint mode dnsrr, with which Swarm publishes no port by the ingress network (${ingress.map(shown).join(", ")})`;
    found.push({ why, change });
  }
  if (deploy.endpoint_mode === "vip" && facts.ipvs === false) {
    found.push({
      why: `${name} has the endpoint mode vip, which needs IPVS, and this kernel has none: others would find nobody under its name`,
      change: `Write services.${name}.deploy.endpoint_mode as dnsrr.`,
    });
  }
  const ranges = ports.filter(({ published = "" }) => published !== "" && !/^\d+$/.test(published));
  for (const port of ranges) {
    found.push({
      why: `${name} publishes one of ${port.published}, and Swarm takes a number`,
      change: `Write one port in services.${name}.ports.`,
    });
  }
  return found;
}

/** An update that would wait for ever for a node whose port is free. */
function endless(
  { nodes }: Scene,
  { name, role, replicas }: StackService,
  definition: ServiceDefinition,
): Obstacle[] {
  const ports = hostPorts(definition).map(({ published, target }) => published ?? String(target));
  if (ports.length === 0) return [];
  const { order, parallelism } = rolloutOf(definition, role, 0);
  const isGlobal = definition.deploy?.mode === "global";
  const number = `port ${ports.join(", ")} of its node`;
  const have = `there ${nodes === 1 ? "is 1" : `are ${nodes}`}`;
  if (!isGlobal && replicas > nodes) {
    return [
      {
        why: `${replicas} tasks of ${name} need a node each for ${number}, and ${have}`,
        change: `Set services.${name}.deploy.replicas to ${nodes}, or \`mode: global\`.`,
      },
    ];
  }
  if (order !== "start-first") return [];
  const more = isGlobal ? 1 : Math.min(replicas, parallelism === 0 ? replicas : parallelism);
  const needed = isGlobal ? Number.POSITIVE_INFINITY : replicas + more;
  if (needed <= nodes) return [];
  const wish = isGlobal ? "each node has one already" : `that takes ${needed} nodes, and ${have}`;
  const way =
    role === "switched"
      ? `Remove services.${name}.ports and let a proxy publish for it; or accept a gap with \`deploy: { update_config: { order: stop-first } }\`.`
      : `Write services.${name}.deploy.update_config.order as stop-first.`;
  return [
    {
      why: `an update of ${name} would never end: a new task starts before the former ends (start-first), and both want ${number}: ${wish}`,
      change: way,
    },
  ];
}

/** What only this node has, where Swarm may choose another. */
function local(
  { nodes, config, images, proxyFolder, facts }: Scene,
  name: string,
  definition: ServiceDefinition,
): Obstacle[] {
  const { volumes = [], deploy, build, pull_policy: policy } = definition;
  const found: Obstacle[] = [];
  if (volumes.some(({ source }) => source === proxyFolder)) {
    found.push({
      why: `${name} reads the files that studio writes for a proxy, and on Swarm it writes none: a proxy finds the tasks by their names`,
      change: `Remove that volume of services.${name}; nginx: \`resolver 127.0.0.11 valid=1s; set $upstream http://api:8000; proxy_pass $upstream;\`.`,
    });
  }
  if (nodes < 2) return found;
  const here = facts.nodes.find(({ id }) => id === facts.id)?.name ?? "NODE";
  const tied = (deploy?.placement?.constraints ?? []).some((one) =>
    /node\.(hostname|id|labels)/.test(one),
  );
  const kept = volumes.filter(
    ({ type, source = "" }) => type === "volume" && isOfNode(config, source),
  );
  if (kept.length > 0 && !tied) {
    found.push({
      why: `${name} keeps ${kept.map(({ source }) => source).join(", ")} on the node it runs on, and Swarm may put it on another, where that is empty`,
      change: `Add \`deploy: { placement: { constraints: ["node.hostname == ${here}"] } }\` to services.${name}.`,
    });
  }
  const image = images.get(name);
  const onlyHere = build !== undefined || (image !== undefined && !image.fromRegistry);
  if (onlyHere && policy !== "never" && !tied) {
    found.push({
      why: `the image of ${name} is on this node alone, and ${nodes - 1} more ${nodes === 2 ? "is" : "are"} to run it`,
      change: `Push it to a registry and name it by services.${name}.image; or load it on each node, and write \`pull_policy: never\`.`,
    });
  }
  return found;
}

function isOfNode(config: StackConfig, key: string): boolean {
  const volumes = (config["volumes"] ?? {}) as Record<
    string,
    { driver?: string; driver_opts?: object } | null
  >;
  const { driver = "local", driver_opts: options } = volumes[key] ?? {};
  // A file system of the network is mounted by the local driver too.
  return driver === "local" && options === undefined;
}
