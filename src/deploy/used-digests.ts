import type { Ledger } from "../ledger/ledger.ts";
import { listUnfinished } from "../ledger/operations.ts";
import { listReleases } from "../ledger/releases.ts";
import type { DeployInput } from "./deploy-input.ts";
import type { ReleaseRecord } from "./release.ts";

/**
 * Digests of the code that releases run besides those in `without`: of every environment, for they
 * share it, and of releases that a deploy under way has not recorded yet.
 */
export function usedDigests(ledger: Ledger, without: ReadonlySet<string>): Set<string> {
  const recorded = listReleases(ledger, null).map((row) => row.record as ReleaseRecord);
  const planned = listUnfinished(ledger)
    .map((row) => (row.input as Partial<DeployInput>).release)
    .filter((release) => release !== undefined);
  const releases = [...recorded, ...planned].filter(({ id }) => !without.has(id));
  return new Set(releases.map(({ code }) => code.digest));
}
