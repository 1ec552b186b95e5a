import { StudioError, exitCodes } from "../../../errors.ts";
import type { StackGap, StackService } from "../../release.ts";
import { switchedOf } from "./compose-release.ts";
import type { Roles } from "./roles.ts";
import { addressOf } from "./stack-address.ts";
import type { ServiceDefinition, StackConfig } from "./stack-config.ts";

/** Something that stands in the way of a deploy, and the line to change. */
export interface Obstacle {
  why: string;
  change: string;
}

/** How long Compose lets a container end where the operator wrote nothing. */
const usualGrace = "10s";

/** Why two releases of a stack cannot be there at once; none where they can. */
export function obstaclesOf(config: StackConfig, roles: Roles): Obstacle[] {
  const claims = switchedOf(roles.services).flatMap((name) =>
    claimsOf(name, config.services[name] ?? {}),
  );
  return roles.proxy === null ? [...claims, missingProxy(config, roles)] : claims;
}

const told = "nginx|haproxy|caddy";
const others = "traefik|envoy|httpd|apache|openresty|kong|varnish";
const kindOf = new RegExp(`(?:^|[/_-])(${told}|${others})(?:[-:@]|$)`);

/** What may stand before the release finds it by itself, or not at all: studio tells it nothing. */
function missingProxy({ services }: StackConfig, roles: Roles): Obstacle {
  const switched = switchedOf(roles.services);
  const [found] = Object.entries(services).flatMap(([name, { image = "" }]) => {
    const kind = (kindOf.exec(image) ?? kindOf.exec(name))?.[1];
    return kind === undefined || switched.includes(name) ? [] : [{ name, kind }];
  });
  if (found !== undefined && told.split("|").includes(found.kind)) {
    return {
      why: `compose.proxy does not name ${found.name}, which is ${found.kind}`,
      change: `Set \`compose: { proxy: ${found.kind} }\` in studio.yaml, and mount the folder of its files.`,
    };
  }
  const change =
    "Put an nginx before it, with `labels: { studio.proxy: nginx }` (`studio init --stack` writes one).";
  const why = "there is no proxy that studio can tell where to send requests";
  if (found === undefined) return { why, change };
  return { why: `${why}: ${found.name} is ${found.kind}, which it does not know`, change };
}

/** What a release is deployed with that cannot run beside another; null where it can. */
export function gapOf(config: StackConfig, roles: Roles): StackGap | null {
  const reasons = obstaclesOf(config, roles).map(({ why }) => why);
  if (reasons.length === 0) return null;
  const names = switchedOf(roles.services);
  const graces = names.map((name) => config.services[name]?.stop_grace_period ?? usualGrace);
  return {
    reasons,
    url: roles.proxy?.url ?? firstAddress(config, roles.services),
    grace: [...new Set(graces)].join(" or "),
    names: names.flatMap((name) => config.services[name]?.container_name ?? []),
  };
}

/** Where the public meets services that no proxy stands before; empty where it does not. */
function firstAddress(config: StackConfig, services: readonly StackService[]): string {
  for (const { name, role, port } of services) {
    if (role !== "switched") continue;
    const definition = config.services[name] ?? {};
    if (definition.network_mode === "host") return `http://127.0.0.1:${port ?? 8000}`;
    const address = addressOf(definition);
    if (address !== "") return address;
  }
  return "";
}

/** @throws StudioError (exit 2) naming every line to change */
export function refuseObstacles(obstacles: readonly Obstacle[]): void {
  if (obstacles.length === 0) return;
  throw new StudioError({
    code: "compose.shape",
    message: `These services cannot be deployed without a gap as they are written: ${obstacles.map(({ why }) => why).join("; ")}.`,
    hint: obstacles.map(({ change }) => change).join(" "),
    exitCode: exitCodes.usage,
    details: obstacles,
  });
}

function claimsOf(name: string, definition: ServiceDefinition): Obstacle[] {
  const claims: Obstacle[] = [];
  const published = (definition.ports ?? []).map((one) => one.published ?? "any");
  if (published.length > 0) {
    claims.push({
      why: `${name} publishes host port ${published.join(", ")}, which only one colour can have`,
      change: `Remove services.${name}.ports: the proxy publishes for it (\`expose\` tells the port).`,
    });
  }
  if (definition.container_name !== undefined) {
    claims.push({
      why: `${name} has the fixed container name ${definition.container_name}`,
      change: `Remove services.${name}.container_name.`,
    });
  }
  const mode = definition.network_mode;
  if (mode !== undefined) {
    claims.push({
      why: `${name} runs on network_mode ${mode}, where two colours have one address`,
      change: `Remove services.${name}.network_mode, so that it joins the project's network.`,
    });
  }
  const fixed = Object.entries(definition.networks ?? {}).find(([, one]) => one?.ipv4_address);
  if (fixed !== undefined) {
    claims.push({
      why: `${name} has a fixed address on the network ${fixed[0]}`,
      change: `Remove services.${name}.networks.${fixed[0]}.ipv4_address.`,
    });
  }
  return claims;
}
