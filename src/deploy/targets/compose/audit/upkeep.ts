import type { AuditPoint } from "../../../target.ts";
import type { ServiceDefinition, StackConfig } from "../stack-config.ts";
import { each, pointOf } from "./point.ts";

/** Drivers that keep what was written on this machine without an end unless they are told one. */
const endless = new Set(["json-file"]);

/**
 * What makes a stack last.
 * @param loggingDriver the engine's own, for services that name none
 */
export function upkeep({ services }: StackConfig, loggingDriver: string): AuditPoint[] {
  return [
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
      each(services, (one) => (rotates(one, loggingDriver) ? [] : ["writes without an end"])),
    ),
  ];
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
