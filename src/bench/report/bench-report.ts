import { environmentFingerprint } from "../compare/fingerprint.ts";
import type { Fingerprint } from "../compare/fingerprint.ts";
import type { BenchResult } from "../result.ts";

/**
 * The whole of a run: what is printed, kept in the ledger, and compared. Its histograms merge with
 * those of other runs without loss.
 */
export interface BenchReport extends BenchResult {
  format: 2;
  id: string;
  environment: string;
  /** Of the target, without a user and password. */
  url: string;
  /** The version of studio. */
  studio: string;
  fingerprint: Fingerprint;
}

export function benchReport(
  result: BenchResult,
  run: { id: string; environment: string; url: string; studio: string },
): BenchReport {
  const { id, environment, studio } = run;
  const fingerprint = environmentFingerprint();
  return { format: 2, id, environment, url: withoutUser(run.url), studio, fingerprint, ...result };
}

/**
 * A report as it was kept, which may be of an older form: one of the first has nothing to compare.
 */
export function readReport(kept: BenchReport | FirstForm): BenchReport {
  if (kept.format === 2) return kept;
  return { ...kept, format: 2, aborted: null, samples: { kind: "block", list: [] }, load: "" };
}

type FirstForm = Omit<BenchReport, "format" | "samples" | "load" | "aborted"> & { format: 1 };

function withoutUser(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.username === "" && url.password === "")) return text;
  url.username = "";
  url.password = "";
  return url.href;
}
