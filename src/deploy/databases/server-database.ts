import type { ServerDump } from "../../backup/sources/server.ts";
import type { DatabaseAddress } from "../../database/address.ts";
import type { ProgramRun } from "./program-run.ts";

export interface RestoredTableRows {
  /** As it can be named: `schema.table`, or `table`. */
  name: string;
  rows: number;
  /** The table that holds the rows of before; null where there was none. */
  keptAs: string | null;
}

/** Where a restore keeps what an exchange replaced, and the id that its databases carry. */
export interface ExchangeOf {
  /** Of the operation. */
  id: string;
  /** The dump's folder. */
  from: string;
  /** A folder for definitions that are replaced. */
  keepReplacedIn: string;
}

/** A database of a server, as backups and restores see it. */
export interface ServerDatabase {
  dialect: "postgres" | "mysql";
  /** Whether it has no table at all. */
  isEmpty(): Promise<boolean>;
  /** Writes one state of it into a folder that is not there yet. */
  dump(into: string, run: ProgramRun): Promise<ServerDump>;
  /**
   * Loads a dump into a database beside the live one, which is not touched, and compares the rows
   * of every table with the dump's.
   */
  fill(of: ExchangeOf, run: ProgramRun): Promise<string[]>;
  dropFilled(of: ExchangeOf): Promise<void>;
  /** Puts the filled one in the place of the live one; @returns how that is called now. */
  exchange(of: ExchangeOf): Promise<string | null>;
  undoExchange(of: ExchangeOf): Promise<void>;
  /** Loads a dump into a database of its own, compares the rows, and drops it again. */
  drill(from: string, id: string, run: ProgramRun): Promise<Record<string, number>>;
  /** Gives single tables of the live database the rows of a dump; null where that is not possible. */
  restoreTables:
    | ((of: ExchangeOf, tables: string[], run: ProgramRun) => Promise<RestoredTableRows[]>)
    | null;
  /** @param tables with whether each was there before the restore */
  undoTables(id: string, tables: readonly { name: string; existed: boolean }[]): Promise<void>;
}

export interface ServerDatabaseInput {
  address: DatabaseAddress;
  /** The operator's environment: PATH finds the programs. */
  env: Record<string, string | undefined>;
  /** A folder for temporary files. */
  scratch: string;
  /** With the hashes of the roles' passwords: only for dumps that are encrypted. */
  rolePasswords: boolean;
}

/** Opens nothing: each call is a session of its own. Null for a database that is a file. */
export async function serverDatabase(input: ServerDatabaseInput): Promise<ServerDatabase | null> {
  if (input.address.dialect === "sqlite") return null;
  if (input.address.dialect === "postgres") {
    const { postgresDatabase } = await import("./postgres.ts");
    return postgresDatabase(input);
  }
  const { mysqlServerDatabase } = await import("./mysql.ts");
  return mysqlServerDatabase(input);
}
