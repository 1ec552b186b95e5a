import type { TocEntry } from "./toc.ts";

/** What belongs to a table and goes with it, in pg_dump's words. */
const attached = new Set([
  "TABLE DATA",
  "DEFAULT",
  "CONSTRAINT",
  "CHECK CONSTRAINT",
  "FK CONSTRAINT",
  "INDEX",
  "INDEX ATTACH",
  "TABLE ATTACH",
  "STATISTICS",
  "TRIGGER",
  "RULE",
  "POLICY",
  "ROW SECURITY",
  "SEQUENCE",
  "SEQUENCE OWNED BY",
  "SEQUENCE SET",
  "COMMENT",
  "ACL",
  "SECURITY LABEL",
]);

/** Kinds whose tag is the name of their table, a space, and their own name. */
const named = new Set(["CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT", "TRIGGER", "RULE"]);

export interface Selection {
  /** In the archive's order. */
  entries: TocEntry[];
  /** Foreign keys of other tables that refer to it; they are not selected. */
  incoming: TocEntry[];
}

/**
 * The entries that create one table again: itself, its rows, and what hangs on it.
 * @returns null when the archive has no such table
 */
export function selectTable(
  entries: readonly TocEntry[],
  schema: string,
  table: string,
): Selection | null {
  const root = entries.find(
    (entry) => entry.kind === "TABLE" && entry.schema === schema && entry.tag === table,
  );
  if (root === undefined) return null;
  const chosen = new Set([root.id]);
  // Repeated, since the value of a sequence hangs on the sequence, which hangs on the table.
  for (let before = 0; before < chosen.size; ) {
    before = chosen.size;
    for (const entry of entries) if (isPart(entry, table, chosen)) chosen.add(entry.id);
  }
  return {
    entries: entries.filter(({ id }) => chosen.has(id)),
    incoming: entries.filter(
      ({ id, kind, dependencies }) =>
        kind === "FK CONSTRAINT" && !chosen.has(id) && dependencies.includes(root.id),
    ),
  };
}

function isPart(entry: TocEntry, table: string, chosen: ReadonlySet<number>): boolean {
  if (!attached.has(entry.kind)) return false;
  if (!entry.dependencies.some((id) => chosen.has(id))) return false;
  if (entry.kind === "TABLE ATTACH") return entry.tag === table;
  return !named.has(entry.kind) || entry.tag.startsWith(`${table} `);
}
