import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { StudioError, exitCodes, reasonOf } from "../errors.ts";
import { type SqliteFile, openSqliteFile } from "../sqlite/open.ts";
import { ledgerApplicationId, ledgerVersions } from "./schema.ts";
import { lacksRoom, noRoomError, readIntoMemory } from "./without-room.ts";

/** An open ledger. Statements are synchronous; one writer at a time waits for the others. */
export type Ledger = SqliteFile;

/** Opens `.studio/state.db`, creating it (folder mode 0700) when it does not exist. */
export function openLedger(file: string): Ledger {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const ledger = openChecked(file, false);
  try {
    upgrade(ledger, file);
    return ledger;
  } catch (error) {
    ledger.close();
    throw explain(error, file);
  }
}

/** Opens the ledger for reading alone; null when there is none yet. Nothing is created. */
export function openLedgerForReading(file: string): Ledger | null {
  if (!existsSync(file)) return null;
  const ledger = openChecked(file, true);
  try {
    const version = readVersion(ledger, file);
    if (version === ledgerVersions.length) return ledger;
  } catch (error) {
    ledger.close();
    throw explain(error, file);
  }
  // An older ledger: the upgrade is the business of a writer.
  ledger.close();
  return openLedger(file);
}

function openChecked(file: string, readonly: boolean): Ledger {
  try {
    const ledger = openSqliteFile(file, { timeout: 10_000, readonly });
    if (!readonly) {
      ledger.pragma("journal_mode = WAL");
      ledger.pragma("synchronous = FULL");
      ledger.pragma("foreign_keys = ON");
    }
    // Touching the schema makes SQLite read the file; garbage is found here.
    ledger.prepare("SELECT count(*) FROM sqlite_schema").get();
    return ledger;
  } catch (error) {
    const copy = readonly && lacksRoom(error) ? readIntoMemory(file) : null;
    if (copy !== null) return copy;
    throw explain(error, file);
  }
}

function readVersion(ledger: Ledger, file: string): number {
  const version = ledger.pragma("user_version", { simple: true }) as number;
  const application = ledger.pragma("application_id", { simple: true }) as number;
  if (version > 0 && application !== ledgerApplicationId) {
    throw unreadable(file, "it is a SQLite database, but not a ledger of studio");
  }
  if (version > ledgerVersions.length) {
    throw new StudioError({
      code: "ledger.newer",
      message: `The ledger ${file} has format ${version}; this studio knows formats up to ${ledgerVersions.length}.`,
      hint: "Use the version of studio that wrote it, or a later one. Nothing was changed.",
      exitCode: exitCodes.unavailable,
    });
  }
  return version;
}

function upgrade(ledger: Ledger, file: string): void {
  let version = readVersion(ledger, file);
  if (version === ledgerVersions.length) return;
  if (version > 0) {
    ledger.pragma("wal_checkpoint(TRUNCATE)");
    copyFileSync(file, `${file}.v${version}`);
  }
  ledger
    .transaction(() => {
      // Another process may have upgraded while this one waited for the write lock.
      version = readVersion(ledger, file);
      for (const [index, statements] of ledgerVersions.entries()) {
        if (index >= version) ledger.exec(statements);
      }
      ledger.pragma(`application_id = ${ledgerApplicationId}`);
      ledger.pragma(`user_version = ${ledgerVersions.length}`);
    })
    .immediate();
}

function explain(error: unknown, file: string): StudioError {
  if (error instanceof StudioError) return error;
  if (lacksRoom(error)) return noRoomError(file, error);
  return unreadable(file, reasonOf(error), error);
}

function unreadable(file: string, reason: string, cause?: unknown): StudioError {
  return new StudioError({
    code: "ledger.unreadable",
    message: `The ledger ${file} cannot be read: ${reason}. It was left as it is.`,
    hint:
      "The running release goes on serving. Put the ledger back from a backup, or move the file " +
      "away to start a new history.",
    exitCode: exitCodes.unavailable,
    cause,
  });
}
