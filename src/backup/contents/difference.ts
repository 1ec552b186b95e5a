import type { Manifest } from "../format/manifest.ts";
import { createPace } from "../pace.ts";
import type { Snapshot } from "../snapshot/open-snapshot.ts";
import { ChangeCollector, type PathChange } from "./changes.ts";
import { type DatabaseChange, compareDatabases } from "./database-changes.ts";

export interface Difference {
  /** Ordered by path; copies of databases are not among them. */
  changes: PathChange[];
  counts: Record<PathChange["change"], number>;
  /** Null where the databases were not compared. */
  databases: DatabaseChange[] | null;
  /** What could not be read, and so not be compared. */
  skipped: { path: string; reason: string }[];
}

export interface CompareOptions {
  before: Snapshot;
  after: Snapshot;
  /** Only this path and what lies below it; empty for everything. */
  path: string;
  signal?: AbortSignal | undefined;
}

/**
 * Tells two snapshots apart. What is listed in a page that both have is the same, and not looked
 * at: the pages that differ are read, and no content.
 */
export async function compareSnapshots(options: CompareOptions): Promise<Difference> {
  const { before, after, path, signal } = options;
  const was = await before.manifest();
  const is = await after.manifest();
  const shared = wholePages(was).intersection(wholePages(is));
  const collector = new ChangeCollector(path, [...was.databases, ...is.databases]);
  const pace = createPace(signal);
  for await (const page of before.entries(shared)) {
    for (const entry of page) collector.addBefore(entry);
    await pace();
  }
  for await (const page of after.entries(shared)) {
    for (const entry of page) collector.addAfter(entry);
    await pace();
  }
  const { changes, changedCopies } = collector.finish();
  const databases = compareDatabases(was.databases, is.databases, changedCopies);
  return { changes, counts: countChanges(changes), databases, skipped: [] };
}

/** The pages that tell all there is to know of their entries. */
function wholePages({ pages }: Manifest): Set<string> {
  return new Set(pages.flatMap(({ sha256, amended }) => (amended === 0 ? [sha256] : [])));
}

export function countChanges(changes: readonly PathChange[]): Difference["counts"] {
  const counts = { added: 0, removed: 0, changed: 0, moved: 0 };
  for (const { change } of changes) counts[change] += 1;
  return counts;
}
