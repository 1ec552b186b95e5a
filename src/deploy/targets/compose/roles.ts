import { parseDuration } from "../../../config/quantity.ts";
import type { Settings } from "../../../config/schema.ts";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { StackProxy, StackService } from "../../release.ts";
import { addressOf, secureAddressOf } from "./stack-address.ts";
import type { ServiceDefinition, StackConfig } from "./stack-config.ts";

export interface Roles {
  services: StackService[];
  proxy: StackProxy | null;
}

const switchedNames = ["api", "app", "web"];

/**
 * What each service is to a deploy, from its labels, else from what it is made of.
 * @throws StudioError (exit 2) where no service can be told to be the one that is switched
 */
export function rolesOf(config: StackConfig, settings: Settings): Roles {
  const proxy = findProxy(config, settings);
  const entries = Object.entries(config.services);
  const labelled = entries.filter(([, one]) => one.labels?.["studio.switch"] === "true");
  const switched = new Set(
    (labelled.length > 0 ? labelled : guessSwitched(entries, proxy)).map(([name]) => name),
  );
  const services = entries.map(([name, definition]): StackService => {
    const role = switched.has(name)
      ? "switched"
      : name === proxy?.service
        ? "proxy"
        : kept(definition);
    return {
      name,
      role,
      port: role === "switched" ? portOf(definition) : null,
      drain: drainOf(definition, settings),
      replicas: replicasOf(definition),
    };
  });
  return { services, proxy };
}

type Entry = [string, ServiceDefinition];

function guessSwitched(entries: Entry[], proxy: StackProxy | null): Entry[] {
  const free = entries.filter(
    ([name, one]) =>
      name !== proxy?.service && kept(one) === "plain" && one.labels?.["studio.switch"] !== "false",
  );
  const named = free.filter(([name]) => switchedNames.includes(name));
  if (named.length === 1 && (free.length === 1 || switchedNames.includes(named[0]?.[0] ?? ""))) {
    return named;
  }
  const names = entries.map(([name]) => name).join(", ");
  throw new StudioError({
    code: "compose.switchUnknown",
    message: `None of the services (${names}) is marked as the one that a deploy replaces without a gap.`,
    hint: 'Add `labels: { studio.switch: "true" }` to it in the compose file.',
    exitCode: exitCodes.usage,
  });
}

/** A service with a volume of its own holds what must not be lost. */
function kept({ volumes = [] }: ServiceDefinition): "stateful" | "plain" {
  return volumes.some(({ type }) => type === "volume") ? "stateful" : "plain";
}

function findProxy({ services }: StackConfig, settings: Settings): StackProxy | null {
  const kind = settings.compose.proxy;
  if (kind === "none") return null;
  const named = new RegExp(`(^|[/_-])${kind}([-:@]|$)`);
  const entries = Object.entries(services);
  const found =
    entries.find(([, one]) => one.labels?.["studio.proxy"] === kind) ??
    entries.find(([name]) => named.test(name)) ??
    entries.find(([, one]) => named.test(one.image ?? ""));
  if (found === undefined) return null;
  const [service, definition] = found;
  const [url, secureUrl] = [addressOf(definition), secureAddressOf(definition)];
  return { kind, service, url, ...(secureUrl === "" ? {} : { secureUrl }) };
}

function portOf({ labels, expose = [] }: ServiceDefinition): number {
  const written =
    labels?.["studio.port"] ?? (expose.length === 1 ? expose[0] : undefined) ?? "8000";
  const port = Number.parseInt(written, 10);
  if (port > 0 && port < 65_536) return port;
  throw new StudioError({
    code: "compose.port",
    message: `"${written}" is not a port that a service could listen on.`,
    hint: 'Write the container\'s port as `labels: { studio.port: "8000" }`.',
    exitCode: exitCodes.usage,
  });
}

function drainOf({ labels }: ServiceDefinition, settings: Settings): number {
  const written = labels?.["studio.drain"];
  return written === undefined ? settings.deploy.drain : parseDuration(written);
}

/** How many containers a service is meant to have. */
export const replicasOf = ({ deploy, scale }: ServiceDefinition): number =>
  deploy?.replicas ?? scale ?? 1;
