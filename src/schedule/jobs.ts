import { createHash } from "node:crypto";
import type { Settings } from "../config/schema.ts";
import type { Secret } from "../config/secrets.ts";
import { suggest } from "../config/suggest.ts";
import { usageError } from "../errors.ts";
import { type CronExpression, parseExpression } from "./cron/expression.ts";
import { firings } from "./cron/firings.ts";

type Schedule = Settings["schedule"];
type Defaults = Schedule["defaults"];

export interface Job {
  name: string;
  /** As it was written. */
  cron: string;
  expression: CronExpression;
  timezone: string;
  /** Words of studio, or a line for the shell. */
  command: { kind: "studio" | "shell"; line: string };
  /** Jobs of one group never run at the same time. */
  group: string | null;
  overlap: Defaults["overlap"];
  catchUp: Defaults["catchUp"];
  /** Milliseconds. */
  timeout: number;
  /** Who is told when a run begins and how it ends; null for nobody. */
  ping: Secret | null;
  /** Milliseconds that it starts after its time: always the same for one job on one host. */
  delay: number;
}

/** The jobs as configured, in the order they were written. */
export function jobsOf({ defaults, jobs }: Schedule, host: string): Job[] {
  return Object.entries(jobs).map(([name, job]) => ({
    name,
    cron: job.cron,
    expression: parseExpression(job.cron),
    timezone: job.timezone ?? defaults.timezone,
    command:
      job.run === undefined
        ? { kind: "shell", line: job.shell ?? "" }
        : { kind: "studio", line: job.run },
    group: job.group ?? null,
    overlap: job.overlap ?? defaults.overlap,
    catchUp: job.catchUp ?? defaults.catchUp,
    timeout: job.timeout ?? defaults.timeout,
    ping: job.ping ?? null,
    delay: stableDelay(`${host}\0${name}`, job.jitter ?? defaults.jitter),
  }));
}

/** @throws StudioError (exit 2) where no job has the name */
export function findJob(jobs: readonly Job[], name: string): Job {
  const job = jobs.find((one) => one.name === name);
  if (job !== undefined) return job;
  const names = jobs.map((one) => one.name);
  const near = suggest(name, names);
  const hint = near === undefined ? `There are: ${names.join(", ")}.` : `Did you mean ${near}?`;
  throw usageError(`There is no job "${name}".`, names.length === 0 ? "None is set." : hint);
}

/** The next times at which a job is due, soonest first; none for a day that never comes. */
export function nextTimes(
  { expression, timezone }: Pick<Job, "expression" | "timezone">,
  after: Date,
  count: number,
): Date[] {
  return firings(expression, timezone, after).take(count).toArray();
}

/** Spreads jobs over `jitter` milliseconds by a hash, so that a job keeps its place. */
function stableDelay(key: string, jitter: number): number {
  if (jitter === 0) return 0;
  const fraction = createHash("sha256").update(key).digest().readUInt32BE(0) / 2 ** 32;
  return Math.floor(fraction * jitter);
}
