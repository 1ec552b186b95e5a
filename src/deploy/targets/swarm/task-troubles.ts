import type { Docker } from "../compose/docker.ts";
import type { Wanted } from "./service-standing.ts";
import { type SwarmService, type SwarmTask, definitionOf, hasFailed, isUp } from "./services.ts";

/** Why a service does not come to what it is to be, as far as Swarm ever told. */
export interface Trouble {
  /** Null where Swarm names none. */
  service: string | null;
  text: string;
  /** The last lines of the task. */
  log: string[];
}

/**
 * Remembers what goes wrong while it is waited for: Swarm forgets a task soon, and the reason for a
 * rollback as soon as that is over.
 */
export function createTroubles(docker: Docker, wanted: readonly Wanted[]) {
  const definitions = new Set(wanted.map(({ definition }) => definition));
  let failed: { task: SwarmTask; log: string[] } | null = null;
  let pending: SwarmTask | null = null;
  let words = "";
  return {
    async look(services: readonly SwarmService[], tasks: readonly SwarmTask[]): Promise<void> {
      const own = tasks
        .filter((one) => definitions.has(definitionOf(one)) && !isUp(one) && one.trouble !== "")
        .toSorted((a, b) => a.at.localeCompare(b.at));
      const last = own.findLast(hasFailed);
      if (last !== undefined && last.id !== failed?.task.id) {
        failed = { task: last, log: await lastLinesOfTask(docker, last, 10) };
      }
      pending = own.at(-1) ?? null;
      for (const { name, update } of services) {
        const isOurs = wanted.some((one) => one.name === name);
        if (isOurs && update?.state === "rollback_started") words = update.message;
      }
    },
    tell(): Trouble | null {
      if (failed !== null) {
        const { task, log } = failed;
        return { service: task.service, text: `Task ${task.service}: ${task.trouble}.`, log };
      }
      if (pending !== null) {
        const { service, trouble } = pending;
        return { service, text: `Task ${service}: ${trouble}.`, log: [] };
      }
      return words === "" ? null : { service: null, text: `Swarm says: ${words}.`, log: [] };
    },
  };
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
