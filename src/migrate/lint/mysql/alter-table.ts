import type { SchemaAction } from "../actions.ts";
import { fieldsOf, listOf } from "../tree.ts";
import { readOperation } from "./alter-operation.ts";
import { TokenReader } from "./token-reader.ts";
import { type Token, splitAtCommas } from "./tokens.ts";

/** Parses one statement; throws where it cannot. */
export type Parse = (sql: string) => unknown[];

export interface AlteredTable {
  actions: SchemaAction[];
  /** ALGORITHM=INSTANT or LOCK=NONE was asked for: the server refuses rather than block. */
  online: boolean;
}

/**
 * Reads ALTER TABLE clause by clause: those that the parser does not know are read here, so that
 * one of them does not hide the others. Null where it is no ALTER TABLE; throws like the parser.
 */
export function readAlterTable(sql: string, tokens: Token[], parse: Parse): AlteredTable | null {
  const head = new TokenReader(tokens);
  if (!head.take("ALTER")) return null;
  head.takeOneOf("ONLINE", "OFFLINE");
  head.take("IGNORE");
  if (!head.take("TABLE")) return null;
  head.take("IF", "EXISTS");
  const table = head.takeName(sql);
  if (table === null) return null;
  if (!head.take("NOWAIT") && head.take("WAIT")) head.takeAny();
  const clauses = splitAtCommas(head.rest).flatMap(spreadAdditions);
  const readings = clauses.map((clause) => readClause({ sql, table, clause, parse }));
  return {
    actions: readings.flatMap((reading) => (reading === "online" ? [] : reading)),
    online: readings.includes("online"),
  };
}

/** `ADD (a INT, b INT)` as `ADD a INT` and `ADD b INT`. */
function spreadAdditions(clause: Token[]): Token[][] {
  const reader = new TokenReader(clause);
  if (!reader.take("ADD")) return [clause];
  reader.take("COLUMN");
  const rest = reader.rest;
  if (rest[0]?.text !== "(" || rest.at(-1)?.text !== ")") return [clause];
  return splitAtCommas(rest.slice(1, -1)).map((part) => [...clause.slice(0, 1), ...part]);
}

interface Clause {
  sql: string;
  table: string;
  clause: Token[];
  parse: Parse;
}

function readClause(request: Clause): SchemaAction[] | "online" {
  const { table, sql } = request;
  const clause = withoutCondition(request.clause);
  const option = new TokenReader(clause);
  if (option.take("ALGORITHM") || option.take("LOCK")) {
    option.take("=");
    return option.takeOneOf("INSTANT", "NONE") === null ? [] : "online";
  }
  const own = readOwnClause(sql, table, new TokenReader(clause));
  if (own !== null) return own;
  const text = clause.map(({ start, end }) => sql.slice(start, end)).join(" ");
  const [statement] = request.parse(`ALTER TABLE ${table} ${text}`);
  const operations = listOf(fieldsOf(fieldsOf(statement)["AlterTable"])["operations"]);
  return operations.flatMap((operation) => {
    const actions = readOperation(table, operation);
    if (actions === null) throw new Error(`its clause ${text} is not known`);
    return actions;
  });
}

/** Without MariaDB's IF EXISTS and IF NOT EXISTS, which change nothing about what is judged. */
function withoutCondition(clause: Token[]): Token[] {
  const at = clause.findIndex(
    ({ text }, index) => text === "IF" && ["EXISTS", "NOT"].includes(clause[index + 1]?.text ?? ""),
  );
  if (at === -1 || at > 3) return clause;
  return clause.filter((_, index) => {
    const words = clause[at + 1]?.text === "NOT" ? 3 : 2;
    return index < at || index >= at + words;
  });
}

/** Clauses that the parser does not know; null for any other. */
function readOwnClause(sql: string, table: string, reader: TokenReader): SchemaAction[] | null {
  const touch = (clause: string): SchemaAction[] => [{ kind: "touchTable", table, clause }];
  const rewrite = (clause: string, level: "error" | "warning" = "error"): SchemaAction[] => [
    { kind: "rewriteTable", table, clause, level },
  ];
  if (reader.take("CONVERT", "TO")) return rewrite("CONVERT TO CHARACTER SET");
  if (reader.take("ORDER", "BY")) return rewrite("ORDER BY");
  if (reader.take("ENGINE")) {
    reader.take("=");
    const engine = reader.takeAny() ?? "";
    return rewrite(`ENGINE=${engine}`, engine === "INNODB" ? "warning" : "error");
  }
  if (isTableOption(reader)) return touch("an option of the table");
  if (reader.take("DROP")) return readDropClause(sql, table, reader);
  if (reader.take("RENAME")) return readRenameClause(sql, table, reader);
  if (reader.take("ALTER", "INDEX")) return touch("ALTER INDEX");
  if (reader.take("ALTER", "CHECK") || reader.take("ALTER", "CONSTRAINT")) {
    const name = reader.takeName(sql);
    if (reader.take("NOT", "ENFORCED")) return touch("ALTER CHECK");
    return [{ kind: "addConstraint", table, constraint: enforcedCheck(name) }];
  }
  return readPartitionClause(table, reader, touch, rewrite);
}

const tableOptions = (
  "AUTOEXTEND_SIZE AVG_ROW_LENGTH CHARSET CHECKSUM COLLATE COMMENT COMPRESSION CONNECTION DEFAULT " +
  "DELAY_KEY_WRITE DISABLE ENABLE ENCRYPTION FORCE INSERT_METHOD KEY_BLOCK_SIZE MAX_ROWS MIN_ROWS " +
  "PACK_KEYS PAGE_COMPRESSED PASSWORD ROW_FORMAT SECONDARY_ENGINE STATS_AUTO_RECALC " +
  "STATS_PERSISTENT STATS_SAMPLE_PAGES WITH WITHOUT"
).split(" ");

/** Done in the catalogue, or by a rebuild beside which InnoDB lets readers and writers work. */
function isTableOption(reader: TokenReader): boolean {
  return reader.take("CHARACTER", "SET") || reader.takeOneOf(...tableOptions) !== null;
}

function enforcedCheck(name: string | null) {
  return {
    kind: "check" as const,
    name,
    columns: [],
    validated: true,
    enforced: true,
    usingIndex: null,
    references: null,
    check: null,
  };
}

function readDropClause(sql: string, table: string, reader: TokenReader): SchemaAction[] | null {
  if (reader.take("CHECK")) {
    const constraint = reader.takeName(sql) ?? "";
    return [{ kind: "dropConstraint", table, constraint, cascade: false }];
  }
  if (reader.take("KEY")) {
    const index = reader.takeName(sql) ?? "";
    return [{ kind: "dropIndex", table, index, concurrently: false, cascade: false }];
  }
  if (reader.take("PARTITION")) {
    const name = reader.takeName(sql) ?? "";
    return [{ kind: "removeRows", table, command: `DROP PARTITION ${name}`, cascade: false }];
  }
  if (!reader.take("SYSTEM", "VERSIONING")) return null;
  return [{ kind: "rewriteTable", table, clause: "DROP SYSTEM VERSIONING", level: "error" }];
}

function readRenameClause(sql: string, table: string, reader: TokenReader): SchemaAction[] | null {
  if (reader.takeOneOf("INDEX", "KEY") !== null) {
    return [{ kind: "touchTable", table, clause: "RENAME INDEX" }];
  }
  if (reader.take("COLUMN")) return null;
  reader.takeOneOf("TO", "AS", "=");
  const to = reader.takeName(sql);
  return to === null ? null : [{ kind: "renameTable", table, to }];
}

function readPartitionClause(
  table: string,
  reader: TokenReader,
  touch: (clause: string) => SchemaAction[],
  rewrite: (clause: string) => SchemaAction[],
): SchemaAction[] | null {
  if (reader.take("TRUNCATE", "PARTITION")) {
    return [{ kind: "removeRows", table, command: "TRUNCATE PARTITION", cascade: false }];
  }
  if (reader.take("ADD", "PARTITION")) return touch("ADD PARTITION");
  if (reader.take("ADD", "SYSTEM", "VERSIONING") || reader.take("ADD", "PERIOD")) {
    return rewrite("ADD SYSTEM VERSIONING");
  }
  if (reader.take("PARTITION", "BY")) return rewrite("PARTITION BY");
  if (reader.take("REMOVE", "PARTITIONING")) return rewrite("REMOVE PARTITIONING");
  const command = reader.takeOneOf("COALESCE", "EXCHANGE", "OPTIMIZE", "REBUILD", "REORGANIZE");
  if (command !== null && reader.take("PARTITION")) return rewrite(`${command} PARTITION`);
  const check = reader.takeOneOf("ANALYZE", "CHECK", "REPAIR");
  return check === null ? null : touch(`${check} PARTITION`);
}
