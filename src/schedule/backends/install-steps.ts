import { expectJobs, expectNoJobs, readJobStates } from "../../ledger/job-states.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { Step } from "../../operation/step.ts";
import { readCrontab, writeCrontab } from "../../service/crontab.ts";
import { type SystemdInput, systemctl } from "../../service/systemd.ts";
import { findBlock, withBlock, withoutBlock } from "./crontab-block.ts";
import { areInstalled, putUnits } from "./unit-files.ts";
import type { Units } from "./unit-texts.ts";

/** What is to become of a project's block in the crontab; no line of anybody else is in it. */
export interface CrontabPart {
  /** Whose block it is. */
  id: string;
  /** Our lines as they are to be; null to have none. Byte text. */
  lines: string | null;
  /** As they were; null where there were none, or where they were damaged. */
  previous: string | null;
  force: boolean;
}

/** What is to become of a project's units. */
export interface UnitsPart {
  prefix: string;
  wanted: Units;
  previous: Units;
}

/** What an operation on the schedule is planned with. */
export interface ScheduleInput {
  environment: string;
  /** Null: there is no cron here, or nothing to do there. */
  crontab: CrontabPart | null;
  units: UnitsPart | null;
  /** The jobs that are called from then on. */
  jobs: string[];
  /** Those that something called before. */
  expected: string[];
  /** ISO 8601, UTC. */
  at: string;
}

interface Surroundings {
  ledger: Ledger;
  systemd: SystemdInput;
}

export function scheduleSteps(around: Surroundings, input: ScheduleInput): Step[] {
  const { crontab, units } = input;
  return [
    ...(crontab === null ? [] : [crontabStep(around, crontab)]),
    ...(units === null ? [] : [unitsStep(around, units)]),
    expectStep(around, input),
  ];
}

function crontabStep({ systemd: { env } }: Surroundings, part: CrontabPart): Step {
  const { id, lines, previous, force } = part;
  const put = async (wanted: string | null, forced: boolean) => {
    const before = await readCrontab(env);
    const after = changed(before ?? "", id, wanted, forced);
    if (after !== (before ?? "")) await writeCrontab(env, before ?? "", after);
  };
  return {
    id: "crontab",
    title:
      lines === null ? "Remove the lines from the crontab" : "Write the lines into the crontab",
    async probe() {
      const before = (await readCrontab(env)) ?? "";
      return changed(before, id, lines, force) === before ? "done" : "absent";
    },
    do: (run) => run.effect("write", () => put(lines, force)),
    undo: (run) => run.effect("write", () => put(previous, true)),
  };
}

function unitsStep({ systemd }: Surroundings, { prefix, wanted, previous }: UnitsPart): Step {
  const isRemoval = Object.keys(wanted).length === 0;
  return {
    id: "units",
    title: isRemoval ? "Remove the timers of systemd" : "Write the timers of systemd",
    probe: async () => ((await areInstalled(systemd, prefix, wanted)) ? "done" : "absent"),
    do: (run) =>
      run.effect("write", async () => {
        if (await areInstalled(systemd, prefix, wanted)) return;
        await putUnits(systemd, prefix, wanted);
      }),
    // A systemd that refused to take them need not be able to forget them.
    undo: (run) => run.effect("write", () => putUnits(systemd, prefix, previous, tryTo)),
  };
}

const tryTo: typeof systemctl = (...words) => systemctl(...words).catch(() => {});

/** The crontab with these lines of ours, or with none. */
export function changed(crontab: string, id: string, lines: string | null, force: boolean): string {
  return lines === null ? withoutBlock(crontab, id, force) : withBlock(crontab, id, lines, force);
}

/** From then on it is noticed where a job is not called. */
function expectStep({ ledger }: Surroundings, input: ScheduleInput): Step {
  const { environment, jobs, expected, at } = input;
  const expect = (names: readonly string[]) => {
    expectNoJobs(ledger, environment, names);
    expectJobs(ledger, environment, names, new Date(at));
  };
  return {
    id: "expect",
    title: jobs.length === 0 ? "Expect no runs any more" : "Expect the runs of each job",
    probe: () => (sameNames(expectedJobs(ledger, environment), jobs) ? "done" : "absent"),
    do: (run) => run.effect("write", () => expect(jobs)),
    undo: (run) => run.effect("write", () => expect(expected)),
  };
}

/** The jobs that something is there to call. */
export function expectedJobs(ledger: Ledger, environment: string): string[] {
  const states = [...readJobStates(ledger, environment).values()];
  return states.filter(({ since }) => since !== null).map(({ job }) => job);
}

const sameNames = (one: readonly string[], other: readonly string[]): boolean =>
  one.toSorted().join("\n") === other.toSorted().join("\n");

/** Our lines as they stand there; null where there are none, or where they were damaged. */
export function linesOf(crontab: string, id: string, force: boolean): string | null {
  const intact = force ? readable(crontab, id) : findBlock(crontab, id)?.text;
  if (intact === undefined) return null;
  return intact
    .split("\n")
    .slice(1, -2)
    .map((line) => `${line}\n`)
    .join("");
}

function readable(crontab: string, id: string): string | undefined {
  try {
    return findBlock(crontab, id)?.text;
  } catch {
    return undefined;
  }
}
