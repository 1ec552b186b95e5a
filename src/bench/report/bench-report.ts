import { environmentFingerprint } from "../compare/fingerprint.ts";
import type { Fingerprint } from "../compare/fingerprint.ts";
import type { BenchResult } from "../run.ts";

/**
 * The whole of a run: what is printed, kept in the ledger, and compared. Its histograms merge with
 * those of other runs without loss.
 */
export interface BenchReport extends BenchResult {
  format: 1;
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
  return { format: 1, id, environment, url: withoutUser(run.url), studio, fingerprint, ...result };
}

function withoutUser(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.username === "" && url.password === "")) return text;
  url.username = "";
  url.password = "";
  return url.href;
}
