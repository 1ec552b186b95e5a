import { createRequire } from "node:module";
import type BetterSqlite from "better-sqlite3";

/** An open SQLite file. Statements are synchronous. */
export type SqliteFile = BetterSqlite.Database;

// `require` loads on demand and at once: what opens a file is synchronous from top to bottom, and
// commands that find no file to open should not wait for a native library.
const require = createRequire(import.meta.url);

/** Opens a SQLite file, or its content; a file is created unless the options forbid it. */
export function openSqliteFile(file: string | Buffer, options: BetterSqlite.Options): SqliteFile {
  const Sqlite = require("better-sqlite3") as typeof BetterSqlite;
  return new Sqlite(file, options);
}
