import { rm } from "node:fs/promises";
import type { Client } from "pg";
import type { ProcessIdentity } from "../../shell/process-identity.ts";
import type { DatabaseAddress } from "../address.ts";
import { prepareDumpFolder } from "../dump-folder.ts";
import { databaseFailure } from "../session-failure.ts";
import { closeQuietly, connectPostgres, connectionVariables } from "./connection.ts";
import { type DumpedTable, type PostgresDumpRecord, writeRecord } from "./dump-record.ts";
import { checkDump } from "./dump-check.ts";
import { type FolderProgress, watchFolder } from "../folder-progress.ts";
import { removeGlobals, stabiliseGlobals, tryGlobals } from "./globals.ts";
import { type LocatedProgram, type PostgresPrograms, programFailed } from "./programs.ts";
import { type Snapshot, type TableCount, countTables, exportSnapshot } from "./snapshot.ts";
import { stabiliseArchive } from "./stable-toc.ts";

export interface DumpPostgresOptions {
  address: DatabaseAddress;
  programs: PostgresPrograms;
  /** A folder that does not exist yet or is empty; it is made readable by its owner alone. */
  into: string;
  /** How many tables are read at once; one connection each, and two more. */
  jobs: number;
  /**
   * With the hashes of the roles' passwords: only where the folder is never stored unencrypted.
   * They can be had by a superuser alone.
   */
  rolePasswords?: boolean;
  /** How long a lock of another session is waited for, in milliseconds; default a minute. */
  lockWait?: number;
  signal?: AbortSignal | undefined;
  /** Told the process group of each program before it runs. */
  onStart?: (identity: ProcessIdentity) => void;
  onProgress?: (progress: FolderProgress) => void;
  say?: (line: string) => void;
}

export interface PostgresDump {
  folder: string;
  record: PostgresDumpRecord;
  /** `table` is `schema.table`; the rows are those of the snapshot and of the file. */
  files: { path: string; table: string; rows: number; bytes: number }[];
  /** Of the database on the server's disk. */
  databaseBytes: number;
  /** What the dump does not hold, in sentences. */
  warnings: string[];
}

/**
 * Dumps one state of a database that is in use into a folder: what pg_dump writes in its directory
 * format, uncompressed, with stable names (see `stabiliseArchive`), `globals.sql` and `dump.json`.
 * The rows are counted in that same state by a session of its own, and in the files. When it
 * fails, the folder is removed.
 */
export async function dumpPostgres(options: DumpPostgresOptions): Promise<PostgresDump> {
  const { address, into, signal } = options;
  signal?.throwIfAborted();
  await prepareDumpFolder(into);
  let client: Client | undefined;
  try {
    client = await connectPostgres(address);
    return await dump(client, options);
  } catch (error) {
    await rm(into, { recursive: true, force: true, maxRetries: 5 });
    signal?.throwIfAborted();
    throw databaseFailure(address, error) ?? error;
  } finally {
    if (client !== undefined) await closeQuietly(client);
  }
}

async function dump(client: Client, options: DumpPostgresOptions): Promise<PostgresDump> {
  const { programs, into, say, signal } = options;
  const snapshot = await exportSnapshot(client, options.lockWait ?? 60_000);
  const program = await programs.locate("pg_dump", snapshot.server.major);
  say?.(`Dumping ${snapshot.tables.length} tables with pg_dump ${program.version}.`);
  const shared = await programs.share(into, "write");
  try {
    const counts = await readBoth(client, snapshot, program, shared.path, options);
    const warnings: string[] = [];
    const globals = await tryGlobals(snapshot, shared.path, options, warnings);
    await shared.collect();
    await (globals === null ? removeGlobals(into) : stabiliseGlobals(into));
    const entries = await stabiliseArchive(into);
    const checked = await checkDump(into, entries, counts, signal);
    const record = describe(snapshot, program, checked.tables, globals);
    record.roles = [...new Set([...record.roles, ...checked.owners])].sort();
    await writeRecord(into, record);
    const { files } = checked;
    const databaseBytes = snapshot.bytes;
    return {
      folder: into,
      record,
      files,
      databaseBytes,
      warnings: [...warnings, ...checked.warnings],
    };
  } finally {
    await shared.remove();
  }
}

/** Runs pg_dump and counts the rows at the same time; when one fails, the other is stopped. */
async function readBoth(
  client: Client,
  snapshot: Snapshot,
  program: LocatedProgram,
  path: string,
  options: DumpPostgresOptions,
): Promise<TableCount[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
  // The counting session may be in the middle of a large table.
  signal.addEventListener("abort", () => void closeQuietly(client), { once: true });
  const watching = watchFolder(options.into, snapshot.bytes, options.onProgress);
  const guarded = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  };
  const work = [
    guarded(runDump(snapshot, program, path, { ...options, signal })),
    guarded(countTables(client, snapshot.tables, signal)),
  ] as const;
  const results = await Promise.allSettled(work);
  watching.stop();
  // The first failure is the cause of the other.
  if (failed.signal.aborted) throw failed.signal.reason;
  const [, counted] = results;
  if (counted.status === "rejected") throw counted.reason;
  return counted.value;
}

async function runDump(
  snapshot: Snapshot,
  program: LocatedProgram,
  path: string,
  options: DumpPostgresOptions,
): Promise<void> {
  const argv = [
    "--format=directory",
    "--compress=0",
    "--no-sync",
    "--encoding=UTF8",
    `--jobs=${options.jobs}`,
    `--snapshot=${snapshot.id}`,
    `--lock-wait-timeout=${Math.round(options.lockWait ?? 60_000)}`,
    `--file=${path}`,
  ];
  const env = await connectionVariables(options.address);
  const { onStart, signal } = options;
  const result = await options.programs.run(program, argv, { env, onStart, signal });
  if (result.exitCode !== 0) throw programFailed(program, result, "The database cannot be dumped");
}

function describe(
  snapshot: Snapshot,
  program: LocatedProgram,
  tables: DumpedTable[],
  globals: PostgresDumpRecord["globals"],
): PostgresDumpRecord {
  const { database, server, properties, extensions, roles, largeObjects } = snapshot;
  return {
    format: 1,
    dialect: "postgres",
    database,
    serverVersion: server.version,
    serverMajor: server.major,
    programVersion: program.version,
    properties,
    extensions,
    roles,
    tables,
    largeObjects,
    globals,
  };
}
