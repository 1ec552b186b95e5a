import type { Fingerprint } from "../compare/fingerprint.ts";
import type { SuiteBenchmark } from "./run-suite.ts";

/** What a suite measured: what is printed, written into a file, kept in the ledger and compared. */
export interface SuiteReport {
  kind: "suite";
  format: 1;
  id: string;
  environment: string;
  /** The name of a built-in suite, `all`, or the name of a file. */
  suite: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  /** The version of studio. */
  studio: string;
  fingerprint: Fingerprint;
  /** True when no benchmark failed. */
  passed: boolean;
  /** Times in milliseconds for one call. */
  benchmarks: SuiteBenchmark[];
}

/** The report that a text holds, or null. */
export function readSuiteReport(text: string): SuiteReport | null {
  try {
    const read = JSON.parse(text) as Partial<SuiteReport> | null;
    return read?.kind === "suite" && read.format === 1 ? (read as SuiteReport) : null;
  } catch {
    return null;
  }
}
