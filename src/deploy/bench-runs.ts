import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type BenchReport, readReport } from "../bench/report/bench-report.ts";
import { type ReportFormat, writeReport } from "../bench/report/formats.ts";
import { type ListedScenario, listScenarios } from "../bench/scenario/scenario-files.ts";
import type { SuiteReport } from "../bench/suite/suite-report.ts";
import type { Project } from "../config/project.ts";
import { reasonOf, systemCode, usageError } from "../errors.ts";
import { noneYet } from "../identifier.ts";
import { findBenchRun, listBenchRuns, listSuiteRuns } from "../ledger/bench-runs.ts";
import { openLedgerForReading } from "../ledger/ledger.ts";
import type { Desk } from "../operation/perform.ts";
import { replaceFile } from "../replace-file.ts";
import { benchFolders } from "./bench-folders.ts";

type LedgerDesk = Pick<Desk, "paths" | "environment">;

export interface BenchList {
  scenarios: ListedScenario[];
  /** Of the environment, the latest first; whole reports are told by `studio bench report`. */
  runs: ListedRun[];
  /** Of micro-benchmarks; none where one scenario was asked for. */
  suites: ListedSuite[];
}

export interface ListedSuite {
  id: string;
  suite: string;
  startedAt: string;
  passed: boolean;
  /** How many it had. */
  benchmarks: number;
}

export interface ListedRun {
  id: string;
  scenario: string;
  startedAt: string;
  url: string;
  passed: boolean;
  /** False: the run says nothing about its target. */
  valid: boolean;
  /** Answered as expected, per second. */
  rate: number;
  /** 0 to 1. */
  errorRate: number;
  /** Milliseconds; null when nothing was answered. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export async function listBench(
  desk: LedgerDesk,
  project: Pick<Project, "settings" | "directory">,
  wanted: { scenario: string | null; limit: number },
): Promise<BenchList> {
  const all = await listScenarios(benchFolders(project));
  const scenarios = all.filter(({ name }) => wanted.scenario === null || name === wanted.scenario);
  const ledger = openLedgerForReading(desk.paths.ledger);
  if (ledger === null) return { scenarios, runs: [], suites: [] };
  try {
    const rows = listBenchRuns<BenchReport>(ledger, desk.environment, wanted);
    const { scenario: one, limit } = wanted;
    const suites = one === null ? listSuiteRuns<SuiteReport>(ledger, desk.environment, limit) : [];
    return {
      scenarios,
      runs: rows.map(({ scenario, record }) => listedRun(scenario, record)),
      suites: suites.map(listedSuite),
    };
  } finally {
    ledger.close();
  }
}

/**
 * The stored report of a run.
 *
 * @throws StudioError (exit 2) when `text` names no run, or several
 */
export function readBenchReport(desk: LedgerDesk, text: string): BenchReport {
  const ledger = openLedgerForReading(desk.paths.ledger);
  if (ledger === null) throw noneYet("bench run");
  try {
    return readReport(findBenchRun<BenchReport>(ledger, desk.environment, text).record);
  } finally {
    ledger.close();
  }
}

/**
 * Writes a report into files, with the folders that they need.
 *
 * @throws StudioError (exit 2) when a file cannot be written
 */
export function writeReports(
  report: BenchReport,
  files: readonly { format: ReportFormat; file: string }[],
): void {
  for (const { format, file } of files) {
    const text = writeReport(report, format);
    try {
      mkdirSync(dirname(file), { recursive: true });
      // A report is for others, as a CI system or a web server: it holds no secret.
      replaceFile(file, text, { mode: 0o644, flush: false });
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      throw usageError(`${file} cannot be written: ${reasonOf(error)}`, "Give another name.");
    }
  }
}

function listedSuite({ id, suite, startedAt, passed, benchmarks }: SuiteReport): ListedSuite {
  return { id, suite, startedAt, passed, benchmarks: benchmarks.length };
}

function listedRun(scenario: string, { id, url, passed, summary, generator }: BenchReport) {
  const { startedAt, rate, errorRate, latency } = summary;
  const { p50 = null, p95 = null, p99 = null } = latency ?? {};
  const { valid } = generator;
  return { id, scenario, startedAt, url, passed, valid, rate, errorRate, p50, p95, p99 };
}
