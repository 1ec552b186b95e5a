import type { Knex } from "knex";

/**
 * Drops the indexes that a statement with CONCURRENTLY left invalid when it was interrupted: they
 * cost with each write and serve nobody. Others that are invalid, or are being built, stay.
 * https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
 */
export async function dropInvalidIndexes(session: Knex, sql: string): Promise<void> {
  const target = await targetOf(sql);
  if (target === null) return;
  const { rows } = await session.raw<{ rows: InvalidIndex[] }>(invalidQuery);
  for (const index of rows) {
    if (!isMeant(target, index)) continue;
    await session.raw("DROP INDEX CONCURRENTLY IF EXISTS ??.??", [index.schema, index.name]);
  }
}

interface InvalidIndex {
  schema: string;
  name: string;
  relation: string;
}

/** What a statement builds or rebuilds. */
interface Target {
  index: string | null;
  relation: string | null;
}

const invalidQuery = `
  SELECT n.nspname AS schema, i.relname AS name, t.relname AS relation
  FROM pg_index x
  JOIN pg_class i ON i.oid = x.indexrelid
  JOIN pg_class t ON t.oid = x.indrelid
  JOIN pg_namespace n ON n.oid = i.relnamespace
  WHERE NOT x.indisvalid AND i.relkind = 'i'
    AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.oid)`;

function isMeant({ index, relation }: Target, found: InvalidIndex): boolean {
  // REINDEX CONCURRENTLY builds beside the index, under its name with "_ccnew" or "_ccold".
  const plain = found.name.replace(/_cc(?:new|old)\d*$/, "");
  if (index !== null) return found.name === index || plain === index;
  return relation !== null && found.relation === relation;
}

/** Null for any other statement. */
async function targetOf(sql: string): Promise<Target | null> {
  const { parse } = await import("libpg-query");
  const parsed = (await parse(sql)) as { stmts?: { stmt?: Record<string, Parsed> }[] };
  const [[kind, node] = ["", {}]] = Object.entries(parsed.stmts?.[0]?.stmt ?? {});
  if (kind === "IndexStmt" && node.concurrent === true) {
    return { index: node.idxname ?? null, relation: node.relation?.relname ?? null };
  }
  const options = (node.params ?? []).map(({ DefElem }) => DefElem?.defname);
  if (kind === "ReindexStmt" && options.includes("concurrently")) {
    const name = node.relation?.relname ?? null;
    return node.kind === "REINDEX_OBJECT_INDEX"
      ? { index: name, relation: null }
      : { index: null, relation: name };
  }
  if (kind !== "DropStmt" || node.concurrent !== true) return null;
  const names = node.objects?.[0]?.List?.items?.map(({ String: text }) => text?.sval) ?? [];
  return { index: names.at(-1) ?? null, relation: null };
}

/** Of the server's own parse tree, what is looked at here. */
interface Parsed {
  concurrent?: boolean;
  idxname?: string;
  kind?: string;
  relation?: { relname?: string };
  params?: { DefElem?: { defname?: string } }[];
  objects?: { List?: { items?: { String?: { sval?: string } }[] } }[];
}
