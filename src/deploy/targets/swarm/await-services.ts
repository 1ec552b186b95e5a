import { setTimeout as sleep } from "node:timers/promises";
import { formatDuration } from "../../../config/quantity.ts";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { StepRun } from "../../../operation/step.ts";
import type { Docker } from "../compose/docker.ts";
import { type Standing, type Wanted, standingOf } from "./service-standing.ts";
import { listServices, listTasks } from "./services.ts";
import { type Trouble, createTroubles } from "./task-troubles.ts";

export interface Awaited {
  docker: Docker;
  run: Pick<StepRun, "say" | "signal">;
  stack: string;
  wanted: readonly Wanted[];
  /** Milliseconds in which at least one task must come further, or Swarm's view of an update change. */
  patience: number;
}

/** Milliseconds. */
const pause = 400;

/**
 * Waits until Swarm has nothing more to do with services that were changed. Swarm itself waits for
 * ever for a node with room, or for an image.
 * @throws StudioError (exit 5) with what Swarm did, and the last lines of a task that failed
 */
export async function awaitServices(awaited: Awaited): Promise<void> {
  const { docker, run, stack, wanted, patience } = awaited;
  const troubles = createTroubles(docker, wanted);
  const seen = new Set<string>();
  let deadline = Date.now() + patience;
  for (;;) {
    const services = await listServices(docker, stack);
    const tasks = await listTasks(docker, services);
    await troubles.look(services, tasks);
    const standings = wanted.map((one) => {
      const service = services.find(({ name }) => name === one.name) ?? null;
      const standing = standingOf(one, service, tasks);
      return {
        wanted: one,
        standing,
        view: `${one.name} ${service?.update?.state} ${reached(standing)}`,
      };
    });
    const moving = standings.flatMap(({ standing }) =>
      standing.state === "moving" ? standing.doing : [],
    );
    const reasons = standings.flatMap(({ standing }) =>
      standing.state === "failed" ? standing.reason : [],
    );
    // What others still do is waited for: an undo that meets Swarm at work would be told two things.
    if (moving.length === 0 && reasons.length === 0) return;
    if (moving.length === 0) throw failure(awaited, reasons, troubles.tell());
    run.say(moving.join(", "));
    for (const { view } of standings) {
      if (seen.has(view)) continue;
      seen.add(view);
      deadline = Date.now() + patience;
    }
    if (Date.now() > deadline) {
      const late = `after ${formatDuration(patience)} nothing moves any more: ${moving.join(", ")}`;
      throw failure(awaited, [...reasons, late], troubles.tell());
    }
    await sleep(pause, undefined, { signal: run.signal });
  }
}

const reached = (standing: Standing): string =>
  standing.state === "moving" ? String(standing.reached) : standing.state;

function failure(
  { stack, wanted }: Awaited,
  reasons: readonly string[],
  trouble: Trouble | null,
): StudioError {
  const service = trouble?.service ?? wanted[0]?.name ?? "";
  return new StudioError({
    code: "swarm.failed",
    message: `${reasons.join("; ")}.${trouble === null ? "" : ` ${trouble.text}`}`,
    hint: `\`docker service ps --no-trunc ${stack}_${service}\` shows each task; \`studio status\` what serves now.`,
    exitCode: exitCodes.undone,
    details: { log: trouble?.log ?? [] },
  });
}
