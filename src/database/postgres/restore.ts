import type { Client } from "pg";
import { StudioError, exitCodes, reasonOf } from "../../errors.ts";
import type { ProcessIdentity } from "../../shell/process-identity.ts";
import type { DatabaseAddress } from "../address.ts";
import {
  connectionVariables,
  quoteIdentifier,
  siblingDatabase,
  withPostgres,
} from "./connection.ts";
import { type PostgresDumpRecord, readRecord } from "./dump-record.ts";
import { dropDatabase, withMaintenance } from "./maintenance.ts";
import { type PostgresPrograms, programFailed } from "./programs.ts";
import { checkServer, createTarget } from "./restore-target.ts";
import { liftLimits } from "./server.ts";
import { type TableCount, countTables } from "./snapshot.ts";

export interface RestorePostgresOptions {
  address: DatabaseAddress;
  programs: PostgresPrograms;
  /** The folder of the dump. */
  from: string;
  /** How many tables are written at once, each on a connection of its own. */
  jobs: number;
  signal?: AbortSignal | undefined;
  /** Told the process group of each program before it runs. */
  onStart?: (identity: ProcessIdentity) => void;
  say?: (line: string) => void;
}

export interface FilledDatabase {
  name: string;
  /** The rows that were counted after the restore; they are those of the dump. */
  tables: TableCount[];
  largeObjects: number;
  /** What was not restored, in sentences. */
  notes: string[];
}

/**
 * Creates the database `name` and restores a dump into it; then counts the rows of every table and
 * compares them with the dump's. When anything fails, the new database is dropped.
 * @param target.replaces a database whose owner, grants and settings the new one gets
 * @param target.analyze also collects the planner's statistics, which a dump does not hold
 */
export async function fillDatabase(
  options: RestorePostgresOptions,
  target: { name: string; replaces: string | null; analyze: boolean },
): Promise<FilledDatabase> {
  const { address, from, signal } = options;
  const { name } = target;
  signal?.throwIfAborted();
  const record = await readRecord(from);
  return withMaintenance(address, name, async (client, server) => {
    const plan = await checkServer(client, server, record);
    try {
      const notes = await createTarget(client, name, record, target.replaces);
      await runRestore(options, server.major, name, plan.keepOwners);
      const counts = await withPostgres(siblingDatabase(address, name), (session) =>
        verify(session, server.major, record, target.analyze, signal),
      );
      // Nobody who is told that it was aborted would look for it.
      signal?.throwIfAborted();
      return { name, ...counts, notes: [...plan.notes, ...notes] };
    } catch (error) {
      await discard(address, name, error);
      signal?.throwIfAborted();
      throw error;
    }
  });
}

/** Drops what a failed restore filled, on a new connection: the old one may be what failed. */
async function discard(address: DatabaseAddress, name: string, error: unknown): Promise<void> {
  try {
    await withMaintenance(address, name, (client) => dropDatabase(client, name));
  } catch {
    throw new StudioError({
      code: "database.leftOver",
      message: `${reasonOf(error)} The new database ${name} could not be dropped.`,
      hint: `When the server can be reached again: DROP DATABASE IF EXISTS ${quoteIdentifier(name)};`,
      exitCode: exitCodes.unavailable,
      cause: error,
      details: { database: name },
    });
  }
}

async function runRestore(
  options: RestorePostgresOptions,
  serverMajor: number,
  name: string,
  keepOwners: boolean,
): Promise<void> {
  const { address, programs, from, jobs, onStart, signal, say } = options;
  const program = await programs.locate("pg_restore", serverMajor);
  say?.(`Restoring into ${name} with pg_restore ${program.version}.`);
  const shared = await programs.share(from, "read");
  try {
    const argv = [
      `--jobs=${jobs}`,
      "--exit-on-error",
      // A second subscription to the same publisher would take the first one's slot.
      "--no-subscriptions",
      ...(keepOwners ? [] : ["--no-owner", "--no-privileges"]),
      `--dbname=${connectionString(name)}`,
      shared.path,
    ];
    const env = await connectionVariables(address);
    const result = await programs.run(program, argv, { env, onStart, signal });
    if (result.exitCode !== 0) {
      throw programFailed(program, result, "The dump cannot be restored");
    }
  } finally {
    await shared.remove();
  }
}

/** `dbname=…`: a bare name with `=` in it would be taken for more than a name. */
export function connectionString(database: string): string {
  return `dbname='${database.replace(/['\\]/g, "\\$&")}'`;
}

async function verify(
  client: Client,
  serverMajor: number,
  record: PostgresDumpRecord,
  analyze: boolean,
  signal?: AbortSignal,
): Promise<{ tables: TableCount[]; largeObjects: number }> {
  await client.query("BEGIN READ ONLY");
  await liftLimits(client, serverMajor, 0);
  const wanted = record.tables.filter(({ partial }) => !partial);
  const tables = await countTables(client, wanted, signal);
  const { rows } = await client.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM pg_largeobject_metadata",
  );
  await client.query("COMMIT");
  const largeObjects = rows[0]?.n ?? -1;
  const problems = wanted.flatMap(({ schema, name, rows: expected }, index) => {
    const found = tables[index]?.rows;
    return found === expected ? [] : [`${schema}.${name} has ${found} rows instead of ${expected}`];
  });
  if (largeObjects !== record.largeObjects) {
    problems.push(`there are ${largeObjects} large objects instead of ${record.largeObjects}`);
  }
  if (problems.length > 0) throw differs(problems);
  if (analyze) {
    await client.query("SET statement_timeout = 0");
    await client.query("ANALYZE");
  }
  return { tables, largeObjects };
}

function differs(problems: string[]): StudioError {
  return new StudioError({
    code: "database.restoreDiffers",
    message: `The restored database is not what was dumped: ${problems[0]}.`,
    hint: "Restore an earlier snapshot: studio backup list.",
    exitCode: exitCodes.checkFailed,
    details: { problems },
  });
}
