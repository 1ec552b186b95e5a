import type { Dialect } from "../../database/address.ts";
import type { SchemaAction } from "./actions.ts";

export interface ReadStatement {
  actions: SchemaAction[];
  /**
   * The server was told to refuse rather than keep writers waiting: MySQL's `LOCK=NONE`,
   * `ALGORITHM=INSTANT` or `NOWAIT` forms.
   */
  online: boolean;
  /** The text constants in it, where the dialect has a use for them. */
  constants: ReadonlySet<string>;
}

/** Never throws: a statement that it cannot read has the action `unreadable`. */
export type StatementReader = (sql: string) => ReadStatement;

/** Loads the dialect's parser, which takes some 50 ms for a server's, and returns a reader on it. */
export async function openReader(dialect: Dialect): Promise<StatementReader> {
  if (dialect === "postgres") {
    const { openPostgresReader } = await import("./postgres/read.ts");
    return await openPostgresReader();
  }
  if (dialect === "mysql") {
    const { openMysqlReader } = await import("./mysql/read.ts");
    return await openMysqlReader();
  }
  const { openSqliteReader } = await import("./sqlite/read.ts");
  return await openSqliteReader();
}

/** What a reader returns for a statement of these actions. */
export function asRead(actions: SchemaAction[], online = false): ReadStatement {
  return { actions, online, constants: new Set() };
}
