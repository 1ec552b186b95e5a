import { rmSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../../../../errors.ts";
import type { Reach } from "../../../../operation/faults.ts";
import type { StepRun } from "../../../../operation/step.ts";
import type { Container } from "../containers.ts";
import type { Docker } from "../docker.ts";
import { checkSeen } from "./check-seen.ts";
import { readProxyFile, writeProxyFile } from "./proxy-files.ts";

export interface Reading {
  docker: Docker;
  folder: string;
  /** The files of the folder that say where requests go. */
  names: readonly string[];
  /**
   * @returns all that it read, where it tells; null where it does not
   * @throws StudioError (exit 5) where the container would not start with the files as they are
   */
  check: (container: Container) => Promise<string | null>;
  /** Whether it tells: then nobody else is asked first, for starting a process there takes longest. */
  tells?: boolean;
  /** Returns once it runs with them. */
  reload: (container: Container) => Promise<void>;
  /** What it serves may change though its files do not: those that are there it is taken to run with. */
  marked?: boolean;
}

/** Writes a proxy's files and has its containers run with them, or leaves both as they were. */
export type TakeOver = (
  run: StepRun,
  containers: readonly Container[],
  write: (reach: Reach) => void,
) => Promise<void>;

export function takesOver({
  docker,
  folder,
  names,
  check,
  tells = false,
  reload,
  marked = false,
}: Reading): TakeOver {
  /** Others were refused, these put back, and nobody was told anything since. */
  let runsWithFiles = false;
  return async (run, containers, write) => {
    const before = names.map((name) => readProxyFile(folder, name));
    await run.effect("include", write);
    try {
      for (const container of containers) {
        const checked = check(container);
        checked.catch(() => undefined);
        const read = tells ? await checked.catch(() => null) : null;
        const hasRead = names.every((name) => read?.includes(readProxyFile(folder, name) ?? ""));
        // Whoever does not see the files says nothing about them.
        if (!hasRead) await checkSeen(docker, folder, container, names);
        await checked;
      }
    } catch (error) {
      const isAsBefore = names.every((name, at) => readProxyFile(folder, name) === before[at]);
      if (isAsBefore && (runsWithFiles || marked)) return run.note(goesOn(error));
      // Of files that were there already nobody knows whether they were read.
      if (isAsBefore) throw error;
      await run.effect("put-back", () => {
        for (const [at, name] of names.entries()) putBack(folder, name, before[at] ?? null);
      });
      runsWithFiles = true;
      throw error;
    }
    runsWithFiles = false;
    await run.effect("reload", async () => {
      for (const container of containers) await reload(container);
    });
  };
}

function putBack(folder: string, name: string, text: string | null): void {
  if (text === null) rmSync(join(folder, name), { force: true });
  else writeProxyFile(folder, name, text);
}

const goesOn = (error: unknown): string =>
  `${reasonOf(error)} It goes on with what it read before, and would not start again.`;
