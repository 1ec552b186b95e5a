import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { giveReason, listUnfinishedRuns } from "../../ledger/job-runs.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { isAlive } from "../../shell/process-identity.ts";
import { type LockFile, openLockFile } from "../../sqlite/lock-file.ts";
import type { Job } from "../jobs.ts";

export interface LockInput {
  /** The folder of lock files. */
  folder: string;
  ledger: Ledger;
  environment: string;
  job: Job;
  /** Id of the run that is to hold them. */
  run: string;
  signal: AbortSignal;
}

export type Held = { release(): void } | { refused: string };

/** What a job that was told to end may take for it, in milliseconds. */
const longestEnd = 30_000;

/**
 * Takes what a run must hold: first its job, by the job's policy, then its group, for which it
 * waits as long as it may itself run. Locks are free once their holder is dead.
 */
export async function holdLocks(input: LockInput): Promise<Held> {
  const held: LockFile[] = [];
  const release = () => {
    for (const lock of held.splice(0).toReversed()) lock.close();
  };
  try {
    const refused = (await holdJob(input, held)) ?? (await holdGroup(input, held));
    if (refused === null) return { release };
    release();
    return { refused };
  } catch (error) {
    release();
    throw error;
  }
}

/** @returns why the run is not to be, or null */
async function holdJob(input: LockInput, held: LockFile[]): Promise<string | null> {
  const { job } = input;
  if (job.overlap === "allow") return null;
  const name = `job-${job.name}`;
  if (await hold(input, held, name, 0)) return null;
  if (job.overlap === "skip") return "an earlier run goes on";
  if (job.overlap === "replace") {
    replaceRunning(input);
    return (await hold(input, held, name, longestEnd)) ? null : "the earlier run does not end";
  }
  const queue: LockFile[] = [];
  if (!(await hold(input, queue, `queue-${job.name}`, 0))) return "another run waits already";
  try {
    const isHeld = await hold(input, held, name, Number.POSITIVE_INFINITY);
    return isHeld ? null : "an earlier run goes on";
  } finally {
    for (const lock of queue) lock.close();
  }
}

async function holdGroup(input: LockInput, held: LockFile[]): Promise<string | null> {
  const { group, timeout } = input.job;
  if (group === null || (await hold(input, held, `group-${group}`, timeout))) return null;
  return `jobs of the group ${group} ran all the time that it may take itself`;
}

async function hold(
  { folder, run, signal }: LockInput,
  held: LockFile[],
  name: string,
  wait: number,
): Promise<boolean> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = openLockFile(join(folder, `${name}.db`));
  try {
    for (const deadline = Date.now() + wait; !lock.tryAcquire(run); ) {
      if (Date.now() >= deadline) {
        lock.close();
        return false;
      }
      await sleep(100 + Math.random() * 100, undefined, { signal });
    }
  } catch (error) {
    lock.close();
    throw error;
  }
  held.push(lock);
  return true;
}

/** Tells those who run the job to end it. */
function replaceRunning({ ledger, environment, job, run }: LockInput): void {
  for (const other of listUnfinishedRuns(ledger, environment)) {
    if (other.job !== job.name || other.id === run || !isAlive(other.process)) continue;
    if (other.process.pid === process.pid) continue;
    giveReason(ledger, other.id, `${replacedBy}${run}`);
    try {
      process.kill(other.process.pid, "SIGTERM");
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Begins the reason of a run that another took the place of. */
export const replacedBy = "replaced by ";
