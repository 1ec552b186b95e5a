import type { AuditPoint } from "../../../target.ts";
import { restartPolicyOf } from "../return-with-engine.ts";
import { awaitedServices } from "../service-standing.ts";
import type { ServiceDefinition, StackConfig } from "../stack-config.ts";
import { each, pointOf } from "./point.ts";

/** Drivers that keep what was written on this machine without an end unless they are told one. */
const endless = new Set(["json-file"]);

export interface EngineFacts {
  /** For services that name none. */
  loggingDriver: string;
  /** Containers go on while the engine is away, and it takes them over again. */
  liveRestore: boolean;
}

/** What makes a stack last. */
export function upkeep(config: StackConfig, engine: EngineFacts): AuditPoint[] {
  const { services } = config;
  const awaited = awaitedServices(config);
  return [
    pointOf(
      {
        title: "Services come back with the engine",
        good: "each does, where it was killed too",
        state: "note",
        fix: 'Set `restart: always`, or "live-restore": true in the engine\'s daemon.json. `studio up` brings them back until then.',
      },
      each(services, (one, name) => (awaited.has(name) ? [] : staysDown(one, engine))),
    ),
    pointOf(
      {
        title: "Every service has a limit of memory",
        good: "each has",
        state: "note",
        fix: "Set deploy.resources.limits.memory: one that leaks takes the others along.",
      },
      each(services, (one) => (hasLimit(one) ? [] : ["has none"])),
    ),
    pointOf(
      {
        title: "Images are pinned",
        good: "each by a version or a digest",
        state: "note",
        fix: "Name a version, or better a digest: `image: name:1.2@sha256:…`.",
      },
      each(services, (one) => (isPinned(one) ? [] : [`runs whatever ${one.image} is that day`])),
    ),
    pointOf(
      {
        title: "Logs are rotated",
        good: "each service's",
        state: "note",
        fix: "Set logging.options.max-size and max-file, or log-opts in the engine's daemon.json.",
      },
      each(services, (one) =>
        rotates(one, engine.loggingDriver) ? [] : ["writes without an end"],
      ),
    ),
  ];
}

/** As it starts, an engine that was killed ends what went on without it, as if by the operator's wish. */
function staysDown(definition: ServiceDefinition, { liveRestore }: EngineFacts): string[] {
  const policy = restartPolicyOf(definition);
  if (policy === "always" || (policy === "unless-stopped" && liveRestore)) return [];
  if (policy === "unless-stopped") return ["stays down where the engine was killed"];
  return [`stays down where the engine or the machine was started again (restart: ${policy})`];
}

function hasLimit({ mem_limit, deploy }: ServiceDefinition): boolean {
  return mem_limit !== undefined || deploy?.resources?.limits?.memory !== undefined;
}

/** What is built has no tag to move. */
function isPinned({ image = "", build }: ServiceDefinition): boolean {
  if (build !== undefined || image.includes("@sha256:")) return true;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag !== undefined && !/^(latest|stable|edge|main|master|nightly)$/.test(tag);
}

function rotates({ logging }: ServiceDefinition, usual: string): boolean {
  const driver = logging?.driver ?? usual;
  return !endless.has(driver) || logging?.options?.["max-size"] !== undefined;
}
