import { kindOfStatement } from "../../statement-kind.ts";

/** A statement by the server's own grammar: its kind, as `AlterTableStmt`, and its parts. */
export interface ParsedStatement {
  kind: string;
  node: Node;
}

/** Of the parts of parsed statements, what is looked at here. */
export interface Node {
  kind?: string;
  mode?: number;
  concurrent?: boolean;
  is_from?: boolean;
  is_vacuumcmd?: boolean;
  contype?: string;
  subtype?: string;
  objtype?: string;
  objectType?: string;
  renameType?: string;
  removeType?: string;
  defname?: string;
  def?: Record<string, Node>;
  arg?: Record<string, Node>;
  sval?: string;
  cmds?: { AlterTableCmd?: Node }[];
  name?: RangeVar;
  relation?: RangeVar;
  table?: RangeVar;
  pktable?: RangeVar;
  relations?: { RangeVar?: RangeVar }[];
  rels?: { VacuumRelation?: { relation?: RangeVar } }[];
  inhRelations?: { RangeVar?: RangeVar }[];
  partbound?: unknown;
  tableElts?: Record<string, Node & { constraints?: { Constraint?: Node }[] }>[];
  objects?: { List?: { items?: NameItem[] } }[];
  object?: { List?: { items?: NameItem[] } };
  options?: { DefElem?: Node }[];
  params?: { DefElem?: Node }[];
  args?: { DefElem?: Node }[];
}

export interface RangeVar {
  schemaname?: string;
  relname?: string;
}

interface NameItem {
  String?: { sval?: string };
}

/**
 * The statements of a text, which may be several. Null for a text that the parser does not know,
 * which may be one of a newer server.
 */
export async function parseStatements(sql: string): Promise<ParsedStatement[] | null> {
  const { parse } = await import("libpg-query");
  try {
    const parsed = (await parse(sql)) as { stmts?: { stmt?: Record<string, Node> }[] };
    return (parsed.stmts ?? []).flatMap(({ stmt }) =>
      Object.entries(stmt ?? {}).map(([kind, node]) => ({ kind, node })),
    );
  } catch {
    return null;
  }
}

/** One statement that changes or reads rows: no need to parse what may be megabytes of values. */
export function isPlainData(sql: string): boolean {
  const kind = kindOfStatement(sql);
  return (kind === "data" || kind === "read") && !sql.includes(";");
}
