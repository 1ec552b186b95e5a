import { expectJobs, expectNoJobs, readJobStates } from "../../ledger/job-states.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { Step } from "../../operation/step.ts";
import { readCrontab, writeCrontab } from "../../service/crontab.ts";
import { findBlock, withBlock, withoutBlock } from "./crontab-block.ts";

/** What an operation on the crontab is planned with; no line of anybody else is in it. */
export interface CrontabInput {
  environment: string;
  /** Whose block it is. */
  id: string;
  /** Our lines as they are to be; null to have none. Byte text. */
  lines: string | null;
  /** As they were; null where there were none, or where they were damaged. */
  previous: string | null;
  force: boolean;
  /** The jobs that are called from then on. */
  jobs: string[];
  /** Those that something called before. */
  expected: string[];
  /** ISO 8601, UTC. */
  at: string;
}

interface Surroundings {
  ledger: Ledger;
  env: Record<string, string | undefined>;
}

export function crontabSteps(around: Surroundings, input: CrontabInput): Step[] {
  return [crontabStep(around, input), expectStep(around, input)];
}

function crontabStep({ env }: Surroundings, input: CrontabInput): Step {
  const { id, lines, previous, force } = input;
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

/** The crontab with these lines of ours, or with none. */
export function changed(crontab: string, id: string, lines: string | null, force: boolean): string {
  return lines === null ? withoutBlock(crontab, id, force) : withBlock(crontab, id, lines, force);
}

/** From then on it is noticed where a job is not called. */
function expectStep({ ledger }: Surroundings, input: CrontabInput): Step {
  const { environment, jobs, expected, lines, at } = input;
  const expect = (names: readonly string[]) => {
    expectNoJobs(ledger, environment, names);
    expectJobs(ledger, environment, names, new Date(at));
  };
  return {
    id: "expect",
    title: lines === null ? "Expect no runs any more" : "Expect the runs of each job",
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
