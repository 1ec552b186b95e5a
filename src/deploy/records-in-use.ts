import type { Ledger } from "../ledger/ledger.ts";
import { listUnfinished } from "../ledger/operations.ts";
import { listReleases } from "../ledger/releases.ts";
import type { DeployInput } from "./deploy-input.ts";
import type { ReleaseRecord } from "./release.ts";

/**
 * The releases besides those in `without`: of every environment, for they share what is kept, and
 * of deploys under way that have not recorded theirs yet.
 */
export function recordsInUse(ledger: Ledger, without: ReadonlySet<string>): ReleaseRecord[] {
  const recorded = listReleases(ledger, null).map((row) => row.record as ReleaseRecord);
  const planned = listUnfinished(ledger)
    .map((row) => (row.input as Partial<DeployInput>).release)
    .filter((release) => release !== undefined);
  return [...recorded, ...planned].filter(({ id }) => !without.has(id));
}
