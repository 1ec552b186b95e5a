import type { ObjectKind, SchemaAction } from "../actions.ts";
import { TokenReader } from "./token-reader.ts";
import type { Token } from "./tokens.ts";

type GapReader = (reader: TokenReader, sql: string) => SchemaAction[] | null;

const nothing: GapReader = () => [];

/** By the first word. What follows it decides whether the parser reads the statement after all. */
const readers: Readonly<Record<string, GapReader>> = {
  ALTER: readAlter,
  // MariaDB's ANALYZE of a statement executes it.
  ANALYZE: (reader) =>
    reader.takeOneOf("TABLE", "LOCAL", "NO_WRITE_TO_BINLOG") === null ? hidden("ANALYZE") : [],
  CALL: (reader, sql) => hidden(`the procedure ${reader.takeName(sql) ?? ""}`),
  CHECK: nothing,
  CHECKSUM: nothing,
  CREATE: readCreate,
  DEALLOCATE: nothing,
  DO: () => hidden("what DO computes"),
  DROP: readDrop,
  EXECUTE: (reader, sql) => hidden(`the prepared statement ${reader.takeName(sql) ?? ""}`),
  GRANT: nothing,
  KILL: nothing,
  LOAD: nothing,
  OPTIMIZE: readOptimize,
  PREPARE: nothing,
  RELEASE: nothing,
  RENAME: (reader) => (reader.take("USER") ? [] : null),
  REPAIR: nothing,
  SAVEPOINT: nothing,
  SHOW: nothing,
  UNLOCK: nothing,
  USE: (reader, sql) =>
    hidden(`the statements after USE ${reader.takeName(sql) ?? ""}, whose names mean other tables`),
  XA: (reader) => [{ kind: "transaction", command: `XA ${reader.takeAny() ?? ""}` }],
};

/**
 * Statements that the parser does not know, or knows only in part, as far as their first words say
 * enough; null for all others. The bodies of routines are the server's to read, later.
 */
export function readGap(sql: string, tokens: readonly Token[]): SchemaAction[] | null {
  const reader = new TokenReader(tokens);
  const first = reader.takeAny() ?? "";
  const read = readers[first];
  return tokens[0]?.kind === "word" && read !== undefined ? read(reader, sql) : null;
}

function readAlter(reader: TokenReader, sql: string): SchemaAction[] | null {
  if (reader.takeOneOf("DATABASE", "SCHEMA", "USER", "EVENT", "SERVER", "INSTANCE") !== null) {
    return [];
  }
  takeViewOptions(reader);
  if (reader.takeOneOf("PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE") !== null) return [];
  if (!reader.take("VIEW")) return null;
  return create("view", reader.takeName(sql), null, true);
}

/** `DEFINER = 'a'@'b'`, `ALGORITHM = MERGE`, `SQL SECURITY INVOKER`, in any order. */
function takeViewOptions(reader: TokenReader): void {
  for (;;) {
    if (reader.take("DEFINER", "=") || reader.take("ALGORITHM", "=")) {
      reader.takeAny();
      if (reader.take("(")) reader.take(")");
      if (reader.take("@") || reader.rest[0]?.text.startsWith("@") === true) reader.takeAny();
    } else if (reader.take("SQL", "SECURITY")) {
      reader.takeAny();
    } else {
      return;
    }
  }
}

function readCreate(reader: TokenReader, sql: string): SchemaAction[] | null {
  if (reader.takeOneOf("USER", "ROLE", "SERVER", "LOGFILE", "TABLESPACE") !== null) return [];
  const special = reader.takeOneOf("FULLTEXT", "SPATIAL");
  if (special !== null) return readSpecialIndex(reader, sql, special);
  const replace = reader.take("OR", "REPLACE");
  takeViewOptions(reader);
  reader.take("AGGREGATE");
  const object = reader.takeOneOf("TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "VIEW");
  if (object === null) return null;
  reader.take("IF", "NOT", "EXISTS");
  const name = reader.takeName(sql);
  if (object === "EVENT") return [];
  if (object === "TRIGGER") return create("trigger", name, triggeredTable(reader, sql), replace);
  return create(object === "VIEW" ? "view" : "function", name, null, replace);
}

function triggeredTable(reader: TokenReader, sql: string): string | null {
  reader.takeOneOf("BEFORE", "AFTER");
  reader.takeOneOf("INSERT", "UPDATE", "DELETE");
  return reader.take("ON") ? reader.takeName(sql) : null;
}

function create(
  object: ObjectKind,
  name: string | null,
  table: string | null,
  replace: boolean,
): SchemaAction[] | null {
  return name === null ? null : [{ kind: "create", object, name, table, replace }];
}

function readSpecialIndex(
  reader: TokenReader,
  sql: string,
  special: string,
): SchemaAction[] | null {
  reader.take("INDEX");
  const index = reader.takeName(sql);
  const table = reader.take("ON") ? reader.takeName(sql) : null;
  if (index === null || table === null) return null;
  return [
    {
      kind: "addIndex",
      table,
      index,
      unique: false,
      concurrently: false,
      columns: [],
      special: special === "FULLTEXT" ? "fulltext" : "spatial",
    },
  ];
}

function readDrop(reader: TokenReader): SchemaAction[] | null {
  if (reader.takeOneOf("USER", "ROLE") !== null) {
    return [{ kind: "restrictAccess", table: null, what: "DROP USER" }];
  }
  return reader.takeOneOf("EVENT", "SERVER", "LOGFILE", "PREPARE") === null ? null : [];
}

function readOptimize(reader: TokenReader, sql: string): SchemaAction[] | null {
  reader.takeOneOf("NO_WRITE_TO_BINLOG", "LOCAL");
  if (reader.takeOneOf("TABLE", "TABLES") === null) return null;
  const actions: SchemaAction[] = [];
  do {
    const table = reader.takeName(sql);
    if (table === null) return null;
    actions.push({ kind: "compactTable", table, command: "OPTIMIZE TABLE" });
  } while (reader.take(","));
  return actions;
}

function hidden(what: string): SchemaAction[] {
  return [{ kind: "hidden", what }];
}
