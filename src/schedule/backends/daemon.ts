import { setTimeout as sleep } from "node:timers/promises";
import { lastDue } from "../../ledger/job-runs.ts";
import { expectJobs, readJobStates } from "../../ledger/job-states.ts";
import { type Ledger, openLedger } from "../../ledger/ledger.ts";
import { dueTimes } from "../execute/due.ts";
import { type Job, nextTimes } from "../jobs.ts";
import type { SchedulePlace } from "../place.ts";

export interface DaemonInput {
  place: SchedulePlace;
  /** Starts what runs the job, in a process of its own that outlives this one. */
  start: (job: string) => void;
  /** One line about what happens. */
  tell: (event: DaemonEvent) => void;
  signal: AbortSignal;
}

export interface DaemonEvent {
  event: "armed" | "fired" | "late" | "ended";
  job?: string;
  /** When it is or was due, UTC. */
  due?: string | null;
}

/**
 * Milliseconds that it sleeps at most. Clocks jump and machines are suspended, which a timer does
 * not notice: so the clock is looked at again.
 */
const longestSleep = 1000;

/** Milliseconds after which a firing is late: then something held the machine or its clock. */
const lateAfter = 5000;

/**
 * Calls each job when it is due, until the signal. It decides nothing: what it starts finds out
 * whether the job is due, and claims it, so that others may call it as well. What was due while
 * nothing ran is left to that, too.
 */
export async function runDaemon({ place, start, tell, signal }: DaemonInput): Promise<void> {
  const { jobs, now } = place;
  const begun = now();
  const overdue = prepare(place, begun);
  for (const job of overdue) {
    tell({ event: "late", job });
    start(job);
  }
  const armed = new Map(jobs.map((job) => [job.name, armedAt(job, begun)]));
  for (const [job, due] of armed) tell({ event: "armed", job, due: due?.toISOString() ?? null });
  let looked = begun;
  while (!signal.aborted) {
    const at = now();
    // A clock that was put back: what is due by it now, or was while this slept, was not armed.
    const wentBack = at < looked;
    looked = at;
    for (const job of jobs) {
      const due = armed.get(job.name) ?? null;
      const isDue = due !== null && due <= at;
      if (isDue) {
        const isLate = at.getTime() - due.getTime() >= lateAfter;
        tell({ event: isLate ? "late" : "fired", job: job.name, due: due.toISOString() });
        start(job.name);
      }
      if (wentBack) armed.set(job.name, armedAt(job, new Date(at.getTime() - longestSleep)));
      else if (isDue) armed.set(job.name, armedAt(job, at));
    }
    await untilNext([...armed.values()], now(), signal);
  }
  tell({ event: "ended" });
}

const armedAt = (job: Job, after: Date): Date | null => nextTimes(job, after, 1)[0] ?? null;

async function untilNext(
  times: readonly (Date | null)[],
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  const waits = times.map((time) =>
    time === null ? longestSleep : time.getTime() - now.getTime(),
  );
  const wait = Math.max(0, Math.min(longestSleep, ...waits));
  // An abort ends the sleep, and the loop looks at the signal itself.
  await sleep(wait, undefined, { signal }).catch(() => {});
}

/** From now on the jobs are expected to run. @returns those that were due while nothing ran */
function prepare({ paths, environment, jobs }: SchedulePlace, begun: Date): string[] {
  const ledger = openLedger(paths.ledger);
  try {
    const overdue = jobs.filter((job) => wasDue(ledger, environment, job, begun));
    expectJobs(
      ledger,
      environment,
      jobs.map(({ name }) => name),
      begun,
    );
    return overdue.map(({ name }) => name);
  } finally {
    ledger.close();
  }
}

function wasDue(ledger: Ledger, environment: string, job: Job, now: Date): boolean {
  const since = readJobStates(ledger, environment).get(job.name)?.since ?? null;
  const known = lastDue(ledger, { environment, job: job.name, now });
  const from = known ?? (since === null ? null : new Date(since));
  return from !== null && dueTimes(job, from, now).length > 0;
}
