import { resolveIdentifier } from "../identifier.ts";
import type { Ledger } from "./ledger.ts";

export interface BenchRunRow<Record = unknown> {
  id: string;
  environment: string;
  scenario: string;
  startedAt: string;
  passed: boolean;
  record: Record;
}

/** Runs of micro-benchmarks stand beside load tests; no scenario can have a name with a slash. */
const suitePrefix = "suite/";

interface StoredRun {
  id: string;
  environment: string;
  scenario: string;
  started_at: string;
  passed: 0 | 1;
  record: string;
}

/** Keeps the figures of a load test. */
export function insertBenchRun(
  ledger: Ledger,
  run: {
    environment: string;
    scenario: string;
    startedAt: string;
    report: { id: string; passed: boolean };
  },
): void {
  const { environment, scenario, startedAt, report } = run;
  ledger
    .prepare(
      `INSERT INTO bench_runs (id, environment, scenario, started_at, passed, record)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(
      report.id,
      environment,
      scenario,
      startedAt,
      report.passed ? 1 : 0,
      JSON.stringify(report),
    );
}

/** The latest first. */
export function listBenchRuns<Record>(
  ledger: Ledger,
  environment: string,
  wanted: { scenario: string | null; limit: number },
): BenchRunRow<Record>[] {
  const rows = ledger
    .prepare(
      `SELECT * FROM bench_runs
       WHERE environment = @environment AND (@scenario IS NULL OR scenario = @scenario)
         AND scenario NOT GLOB 'suite/*'
       ORDER BY id DESC LIMIT @limit`,
    )
    .all({ environment, ...wanted }) as StoredRun[];
  return rows.map((row) => readRow<Record>(row));
}

/**
 * @param text an id, the start of one, or `latest`
 * @throws StudioError (exit 2) when it names no run of the environment, or several
 */
export function findBenchRun<Record>(
  ledger: Ledger,
  environment: string,
  text: string,
): BenchRunRow<Record> {
  const known = ledger
    .prepare("SELECT id FROM bench_runs WHERE environment = ? AND scenario NOT GLOB 'suite/*'")
    .pluck()
    .all(environment) as string[];
  const id = resolveIdentifier(text, known, "bench run");
  return readRow(ledger.prepare("SELECT * FROM bench_runs WHERE id = ?").get(id) as StoredRun);
}

/** Keeps the figures of a run of micro-benchmarks. */
export function insertSuiteRun(
  ledger: Ledger,
  report: { id: string; environment: string; suite: string; startedAt: string; passed: boolean },
): void {
  const { environment, suite, startedAt } = report;
  insertBenchRun(ledger, { environment, scenario: `${suitePrefix}${suite}`, startedAt, report });
}

/** The latest first. */
export function listSuiteRuns<Record>(
  ledger: Ledger,
  environment: string,
  limit: number,
): Record[] {
  const rows = ledger
    .prepare(
      `SELECT * FROM bench_runs WHERE environment = ? AND scenario GLOB 'suite/*'
       ORDER BY id DESC LIMIT ?`,
    )
    .all(environment, limit) as StoredRun[];
  return rows.map((row) => readRow<Record>(row).record);
}

/**
 * @param suite whose runs `latest` and the start of an id are looked for among
 * @param text an id, the start of one, or `latest`
 * @throws StudioError (exit 2) when it names no run of the suite, or several
 */
export function findSuiteRun<Record>(
  ledger: Ledger,
  { environment, suite }: { environment: string; suite: string },
  text: string,
): Record {
  const known = ledger
    .prepare("SELECT id FROM bench_runs WHERE environment = ? AND scenario = ?")
    .pluck()
    .all(environment, `${suitePrefix}${suite}`) as string[];
  const id = resolveIdentifier(text, known, "suite run");
  const row = ledger.prepare("SELECT * FROM bench_runs WHERE id = ?").get(id) as StoredRun;
  return readRow<Record>(row).record;
}

function readRow<Record>(row: StoredRun): BenchRunRow<Record> {
  const { id, environment, scenario, started_at: startedAt, passed, record } = row;
  return {
    id,
    environment,
    scenario,
    startedAt,
    passed: passed === 1,
    record: JSON.parse(record) as Record,
  };
}
