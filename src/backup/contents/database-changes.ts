import type { DatabaseFacts } from "../format/entry.ts";

export interface TableChange {
  table: string;
  change: "added" | "removed" | "changed";
  /** Rows; null where there is no such table, or they could not be counted. */
  before: number | null;
  after: number | null;
}

export interface DatabaseChange {
  label: string;
  change: "added" | "removed" | "changed";
  /** Tables whose number of rows is not the same; none where rows were only rewritten. */
  tables: TableChange[];
}

/**
 * In what the databases of two snapshots differ, as far as rows were counted.
 * @param changedCopies paths of the copies that hold other bytes; it counts for SQLite alone, for
 *   the dumps of servers differ each time
 */
export function compareDatabases(
  before: readonly DatabaseFacts[],
  after: readonly DatabaseFacts[],
  changedCopies: ReadonlySet<string>,
): DatabaseChange[] {
  const labels = new Set([...before, ...after].map(({ label }) => label));
  return [...labels].flatMap((label): DatabaseChange[] => {
    const was = before.find((one) => one.label === label);
    const is = after.find((one) => one.label === label);
    const tables = compareTables(was?.tables ?? {}, is?.tables ?? {});
    if (was === undefined) return [{ label, change: "added", tables }];
    if (is === undefined) return [{ label, change: "removed", tables }];
    const rewritten = is.dialect === "sqlite" && changedCopies.has(is.path);
    return tables.length > 0 || rewritten ? [{ label, change: "changed", tables }] : [];
  });
}

function compareTables(
  before: DatabaseFacts["tables"],
  after: DatabaseFacts["tables"],
): TableChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((table): TableChange[] => {
    const rows = { before: before[table] ?? null, after: after[table] ?? null };
    if (!Object.hasOwn(before, table)) return [{ table, change: "added", ...rows }];
    if (!Object.hasOwn(after, table)) return [{ table, change: "removed", ...rows }];
    return rows.before === rows.after ? [] : [{ table, change: "changed", ...rows }];
  });
}
