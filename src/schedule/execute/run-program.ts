import type { Readable } from "node:stream";
import { reasonOf } from "../../errors.ts";
import { studioWords } from "../../service/service.ts";
import { endGroup, runGroup } from "../../shell/process-group.ts";
import { type ProcessIdentity, isGroupAlive } from "../../shell/process-identity.ts";
import type { Job } from "../jobs.ts";
import type { SchedulePlace } from "../place.ts";
import { splitWords } from "./words.ts";

export interface ProgramInput {
  place: Pick<SchedulePlace, "service">;
  job: Pick<Job, "command" | "timeout">;
  env: Record<string, string | undefined>;
  signal: AbortSignal;
  /** Called before the program is let run. */
  onStart: (group: ProcessIdentity) => void;
  onOutput: (chunk: Buffer) => void;
}

export interface ProgramEnd {
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
}

/** A timer of Node takes no longer time, in milliseconds. */
const longestTimer = 2 ** 31 - 1;

/** Both streams are one, in the order in which they were written. */
const merged = 'exec "$@" 2>&1';

/**
 * Runs a job's program in a process group of its own, which ends with it: by itself, after the
 * job's timeout or with the signal, SIGTERM first and SIGKILL ten seconds later.
 */
export async function runProgram(input: ProgramInput): Promise<ProgramEnd> {
  const { place, job, env, signal } = input;
  const timeout = AbortSignal.timeout(Math.min(job.timeout, longestTimer));
  let group: ProcessIdentity | null = null;
  const words = ["-c", merged, "sh", ...programWords(place, job)];
  const { exitCode, signal: by } = await runGroup("/bin/sh", words, {
    cwd: place.service.directory,
    env,
    signal: AbortSignal.any([signal, timeout]),
    onStart(identity) {
      group = identity;
      input.onStart(identity);
    },
    readOutput: (stdout) => readWhileAlive(stdout, () => group, input.onOutput),
  });
  // What the program left behind in its group would run beside the next one.
  if (group !== null) await endGroup(group, 10_000);
  return { exitCode, signal: by, timedOut: timeout.aborted && !signal.aborted };
}

function programWords(
  { service }: ProgramInput["place"],
  { command }: Pick<Job, "command">,
): string[] {
  if (command.kind === "shell") return ["/bin/sh", "-c", command.line];
  return studioWords(service, splitWords(command.line));
}

/**
 * Reads what the group writes. A process that left the group may hold the stream open for ever:
 * nobody waits for that one.
 */
async function readWhileAlive(
  stdout: Readable,
  group: () => ProcessIdentity | null,
  onOutput: (chunk: Buffer) => void,
): Promise<void> {
  const watch = setInterval(() => {
    const leader = group();
    if (leader !== null && !isGroupAlive(leader)) stdout.destroy();
  }, 1000);
  try {
    for await (const chunk of stdout) onOutput(chunk as Buffer);
  } catch (error) {
    if (!stdout.destroyed) throw new Error(reasonOf(error), { cause: error });
  } finally {
    clearInterval(watch);
  }
}
