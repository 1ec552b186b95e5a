import { countIncidents } from "../ledger/open-incidents.ts";
import type { Desk } from "../operation/perform.ts";

/** Milliseconds for which a count is told again: whoever reads metrics does so often. */
const freshness = 5000;

/** Counts the open incidents of an environment; one whose ledger cannot be read tells of none. */
export function incidentsOf({
  paths,
  environment,
}: Pick<Desk, "paths" | "environment">): () => Record<string, number> {
  let known: { at: number; counts: Record<string, number> } | null = null;
  return () => {
    const now = performance.now();
    if (known !== null && now - known.at < freshness) return known.counts;
    known = { at: now, counts: count(paths.ledger, environment) };
    return known.counts;
  };
}

function count(ledger: string, environment: string): Record<string, number> {
  try {
    return countIncidents(ledger, environment);
  } catch {
    return {};
  }
}
