import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { StepRun } from "../../../operation/step.ts";
import { type Container, lastLinesOf, listContainers } from "./containers.ts";
import type { Docker } from "./docker.ts";
import { awaitedServices, standingOf } from "./service-standing.ts";
import type { StackConfig } from "./stack-config.ts";

/** Milliseconds. */
const pause = 150;

/**
 * Waits until services run and are healthy, and those that are meant to end have ended well.
 * Compose's own `--wait` takes every end for a failure. A health check bounds its own time; what is
 * meant to end is given as long as it takes, until the signal.
 * @throws StudioError (exit 5) with the last lines of the service that failed
 */
export async function awaitServices(
  docker: Docker,
  run: Pick<StepRun, "say" | "signal">,
  config: StackConfig,
  names: readonly string[],
): Promise<void> {
  const awaited = awaitedServices(config);
  /** How often each had been started again by then, in all its life. */
  const before = new Map<string, number>();
  for (;;) {
    const all = await listContainers(docker, config.name, { anew: true });
    const containers = all.filter(({ service }) => names.includes(service));
    const waiting = new Set<string>();
    for (const container of containers) {
      const { id, restarts, service } = container;
      if (!before.has(id)) before.set(id, restarts);
      const since = { ...container, restarts: restarts - (before.get(id) ?? 0) };
      const standing = standingOf(since, awaited.has(service));
      if (standing === "waiting") waiting.add(container.service);
      else if (standing !== "ready") throw await failed(docker, container, standing.problem);
    }
    if (waiting.size === 0) return;
    run.say(`waiting for ${[...waiting].join(", ")}`);
    await sleep(pause, undefined, { signal: run.signal });
  }
}

async function failed(docker: Docker, container: Container, problem: string): Promise<StudioError> {
  return new StudioError({
    code: "service.failed",
    message: `Not every service came up: ${problem}.`,
    hint: `\`docker logs ${container.name}\` shows all that it wrote.`,
    exitCode: exitCodes.undone,
    details: { log: await lastLinesOf(docker, container, 10) },
  });
}
