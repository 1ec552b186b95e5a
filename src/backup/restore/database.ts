import { lstat, mkdir, open, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { inspectSqlite, settleSqlite } from "../../database/dump-sqlite.ts";
import { StudioError, systemCode, usageError } from "../../errors.ts";
import { damaged } from "../failures.ts";
import type { DatabaseFacts, FileEntry } from "../format/entry.ts";
import type { Snapshot } from "../snapshot/open-snapshot.ts";
import { duplicate, move, removeFile, syncFolder } from "./move-aside.ts";
import { writeOneFile } from "./one-file.ts";

export interface RestoreDatabaseOptions {
  snapshot: Snapshot;
  /** Absolute path of the database to put back; nothing may use it. */
  file: string;
  /** A folder for the replaced database; `undoRestoreDatabase` puts it back from there. */
  keepReplacedIn: string;
  /** Which database of the snapshot; needed when it holds several. */
  label?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Told after each change on the disk. */
  onChange?: ((change: string) => void) | undefined;
}

export interface RestoreDatabaseReport {
  file: string;
  label: string;
  /** Rows of each table. */
  tables: Record<string, number | null>;
  /** Where the replaced database is kept; null when there was none. */
  keptAs: string | null;
}

/** The first bytes of every SQLite 3 file (https://www.sqlite.org/fileformat2.html). */
const magic = "SQLite format 3\0";
const companions = ["-wal", "-shm", "-journal"];
/** Ends the name of a note that there was no database to keep. */
const absent = ".absent";

/**
 * Puts a SQLite database back. The copy is written beside the file, its hash and its integrity
 * are checked, and it takes the file's place by a rename. Fails with `database.inUse` while
 * another process has the database open.
 */
export async function restoreDatabase(
  options: RestoreDatabaseOptions,
): Promise<RestoreDatabaseReport> {
  const { snapshot, file, signal, onChange } = options;
  const { entry, facts } = await findDatabase(snapshot, options.label);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const staged = stagedName(file);
  await removeFile(staged);
  try {
    await writeOneFile(snapshot, entry, staged);
    onChange?.("staged");
    await checkIntegrity(staged, snapshot.commit.id, signal);
    const keptAs = await keepCurrent(options);
    await move(staged, file);
    await syncFolder(dirname(file));
    onChange?.("replaced");
    return { file, label: facts.label, tables: facts.tables, keptAs };
  } finally {
    await removeFile(staged);
  }
}

async function findDatabase(
  snapshot: Snapshot,
  label: string | undefined,
): Promise<{ entry: FileEntry; facts: DatabaseFacts }> {
  const { databases } = await snapshot.manifest();
  const matching = databases.filter((facts) => label === undefined || facts.label === label);
  const [facts] = matching;
  if (facts === undefined || matching.length > 1) throw noSuchDatabase(snapshot, databases);
  for await (const page of snapshot.entries()) {
    const entry = page.find(({ path }) => path === facts.path);
    if (entry?.type === "file") return { entry, facts };
  }
  throw damaged(`Snapshot ${snapshot.commit.id} has lost its copy of the database ${facts.label}.`);
}

function noSuchDatabase({ commit }: Snapshot, databases: readonly DatabaseFacts[]): StudioError {
  const labels = databases.map(({ label }) => label).join(", ");
  return usageError(
    `Snapshot ${commit.id} holds ${labels === "" ? "no database" : `the databases ${labels}`}.`,
    labels === ""
      ? "`studio backup list` shows which snapshots hold one."
      : "Name the one that is meant.",
  );
}

async function checkIntegrity(file: string, id: string, signal?: AbortSignal): Promise<void> {
  const { problems } = await inspectSqlite(file, signal);
  if (problems.length > 0) {
    throw damaged(`The database in snapshot ${id} is damaged: ${problems[0]}.`);
  }
}

/**
 * Keeps the current database under a second name and removes its companions: a write-ahead log
 * that stayed would be replayed into the restored file. What the log holds is moved into the
 * database first, so that a crash between the steps loses nothing.
 */
async function keepCurrent(options: RestoreDatabaseOptions): Promise<string | null> {
  const { file, keepReplacedIn, onChange } = options;
  const kept = join(keepReplacedIn, basename(file));
  await mkdir(keepReplacedIn, { recursive: true, mode: 0o700 });
  if (!(await exists(file))) {
    await writeFile(`${kept}${absent}`, "");
    for (const suffix of companions) await removeFile(`${file}${suffix}`);
    return null;
  }
  const settled = await settle(file);
  // What an earlier, interrupted run kept is the original.
  if (!(await exists(kept))) await duplicate(file, kept);
  onChange?.("kept");
  for (const suffix of companions) {
    const companion = `${file}${suffix}`;
    if (!(await exists(companion))) continue;
    if (settled || (await exists(`${kept}${suffix}`))) await removeFile(companion);
    else await move(companion, `${kept}${suffix}`);
  }
  return kept;
}

/** False when the current file is too damaged for SQLite: its companions are then kept as well. */
async function settle(file: string): Promise<boolean> {
  // Opening something else would make SQLite throw away the log that lies beside it.
  if (!(await startsAsDatabase(file))) return false;
  try {
    await settleSqlite(file);
    return true;
  } catch (error) {
    if (error instanceof StudioError && error.code === "database.unreadable") return false;
    throw error;
  }
}

async function startsAsDatabase(file: string): Promise<boolean> {
  const handle = await open(file, "r");
  try {
    const { buffer } = await handle.read(Buffer.alloc(magic.length), 0, magic.length, 0);
    return buffer.toString("latin1") === magic;
  } finally {
    await handle.close();
  }
}

/**
 * Puts the database back that a restore replaced, or removes the restored one where there was none
 * before. Does nothing when there is nothing to undo; can be repeated.
 */
export async function undoRestoreDatabase(options: {
  file: string;
  keepReplacedIn: string;
  onChange?: ((change: string) => void) | undefined;
}): Promise<void> {
  const { file, keepReplacedIn, onChange } = options;
  await removeFile(stagedName(file));
  const kept = join(keepReplacedIn, basename(file));
  const wasAbsent = await exists(`${kept}${absent}`);
  const hasKept = await exists(kept);
  if (hasKept || wasAbsent) {
    for (const suffix of companions) await removeFile(`${file}${suffix}`);
    onChange?.("companions-removed");
  }
  if (hasKept) await move(kept, file);
  else if (wasAbsent) await removeFile(file);
  onChange?.("put-back");
  // After the file: the log of the old database must never lie beside the restored one.
  for (const suffix of companions) {
    if (await exists(`${kept}${suffix}`)) await move(`${kept}${suffix}`, `${file}${suffix}`);
  }
  await removeFile(`${kept}${absent}`);
}

/** Where a restored database lies until it takes the file's place. */
function stagedName(file: string): string {
  return `${file}.restored`;
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (systemCode(error) === "ENOENT") return false;
      throw error;
    },
  );
}
