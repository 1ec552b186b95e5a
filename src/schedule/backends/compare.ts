import { runCommand } from "../../shell/exec.ts";
import { parseExpression } from "../cron/expression.ts";
import { firings } from "../cron/firings.ts";
import { type Job, findJob } from "../jobs.ts";
import type { NextRun } from "../next-runs.ts";
import type { SchedulePlace } from "../place.ts";
import { calendarOf } from "./calendar.ts";
import { wakeFields } from "./wake-times.ts";

export interface ComparedRun extends NextRun {
  /** Whether the installed line of the crontab calls the job then. */
  crontab: boolean;
  /** Whether its timer does, as systemd-analyze finds; null where that is not installed. */
  systemd: boolean | null;
}

export interface Machine {
  /** By whose clocks cron goes. */
  zone: string;
  env: Record<string, string | undefined>;
}

/** Asks of each time at which a job is due whether each back end would call it then. */
export async function compareRuns(
  place: Pick<SchedulePlace, "jobs" | "now">,
  runs: readonly NextRun[],
  { zone, env }: Machine,
): Promise<ComparedRun[]> {
  const compared: ComparedRun[] = [];
  for (const run of runs) {
    const job = findJob(place.jobs, run.job);
    const [now, at] = [place.now(), new Date(run.at)];
    const crontab = firesAt(wakeFields(job, zone, now), zone, at);
    compared.push({ ...run, crontab, systemd: await timerFiresAt(job, now, at, env) });
  }
  return compared;
}

function firesAt(fields: string, zone: string, at: Date): boolean {
  const before = new Date(at.getTime() - 1);
  const next = firings(parseExpression(fields), zone, before).next().value;
  return next?.getTime() === at.getTime();
}

async function timerFiresAt(
  job: Job,
  now: Date,
  at: Date,
  env: Machine["env"],
): Promise<boolean | null> {
  const shown = (time: number) => new Date(time).toISOString().replace("T", " ").slice(0, 19);
  const words = ["calendar", `--base-time=${shown(at.getTime() - 1000)} UTC`];
  const result = await runCommand("systemd-analyze", [...words, ...calendarOf(job, now)], {
    env: { ...env, TZ: "UTC", LC_ALL: "C" },
  });
  return result.exitCode === 0 ? result.stdout.includes(`${shown(at.getTime())} UTC`) : null;
}
