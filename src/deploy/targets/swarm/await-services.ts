import { setTimeout as sleep } from "node:timers/promises";
import { formatDuration } from "../../../config/quantity.ts";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { StepRun } from "../../../operation/step.ts";
import type { Docker } from "../compose/docker.ts";
import { type Standing, type Wanted, standingOf } from "./service-standing.ts";
import {
  type SwarmTask,
  definitionOf,
  hasFailed,
  isUp,
  listServices,
  listTasks,
} from "./services.ts";

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
  const seen = new Set<string>();
  let deadline = Date.now() + patience;
  for (;;) {
    const services = await listServices(docker, stack);
    const tasks = await listTasks(docker, services);
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
    if (moving.length === 0) throw await failure(awaited, reasons, tasks);
    run.say(moving.join(", "));
    for (const { view } of standings) {
      if (seen.has(view)) continue;
      seen.add(view);
      deadline = Date.now() + patience;
    }
    if (Date.now() > deadline) {
      const late = `after ${formatDuration(patience)} nothing moves any more: ${moving.join(", ")}`;
      throw await failure(awaited, [...reasons, late], tasks);
    }
    await sleep(pause, undefined, { signal: run.signal });
  }
}

const reached = (standing: Standing): string =>
  standing.state === "moving" ? String(standing.reached) : standing.state;

async function failure(
  { docker, stack, wanted }: Awaited,
  reasons: readonly string[],
  tasks: readonly SwarmTask[],
): Promise<StudioError> {
  const definitions = new Set(wanted.map(({ definition }) => definition));
  const own = tasks
    .filter((one) => definitions.has(definitionOf(one)) && !isUp(one) && one.trouble !== "")
    .toSorted((a, b) => a.at.localeCompare(b.at));
  const worst = own.findLast(hasFailed) ?? own.at(-1);
  const trouble = worst === undefined ? "" : ` Task ${worst.service}: ${worst.trouble}.`;
  return new StudioError({
    code: "swarm.failed",
    message: `${reasons.join("; ")}.${trouble}`,
    hint: `\`docker service ps --no-trunc ${stack}_${worst?.service ?? wanted[0]?.name ?? ""}\` shows each task; \`studio status\` what serves now.`,
    exitCode: exitCodes.undone,
    details: { log: worst === undefined ? [] : await lastLinesOfTask(docker, worst, 10) },
  });
}

/** The last lines that a task wrote, on either stream, on whichever node it ran. */
export async function lastLinesOfTask(
  docker: Docker,
  { id, container }: SwarmTask,
  count: number,
): Promise<string[]> {
  if (container === "") return [];
  const argv = ["service", "logs", "--raw", "--tail", String(count), id];
  const { stdout, stderr } = await docker.attempt(argv, { timeout: 10_000 });
  return `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
}
