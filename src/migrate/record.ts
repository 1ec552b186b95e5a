import type { Knex } from "knex";
import type { Dialect } from "../database/address.ts";
import { reasonOf } from "../errors.ts";
import type { MigrationDirection } from "./failure.ts";
import { type MigrationModule, loadMigration } from "./module.ts";
import { type Recorder, openRecorder } from "./recorder.ts";
import type { ScriptStatement } from "./script/statement.ts";
import type { MigrationListing } from "./source.ts";

/** The statements of one migration, as far as they can be known without running it. */
export interface RecordedMigration {
  name: string;
  file: string;
  transactional: boolean;
  statements: ScriptStatement[];
  /** As the author declared; null: nothing. */
  compatible: boolean | null;
  /** Rules of the lint that the author allows. */
  allowed: string[];
  /** A program that asks for data, of which there is none here: what it does with it is not seen. */
  readsData: boolean;
  /** Why the program did not come to its end here, where it did not. */
  stoppedBy: string | null;
}

export interface RecordRequest {
  dialect: Dialect;
  /** What makes the schema as it is before them, see `presentSchema`. */
  present: readonly string[];
  /** In the order in which they would be executed. */
  migrations: MigrationListing[];
  direction?: MigrationDirection;
}

type Recording = Pick<RecordedMigration, "statements" | "readsData" | "stoppedBy">;

/** Milliseconds that one program may take where there is no data. */
const longest = 5000;

/**
 * Finds out which statements migrations would issue. Nothing is changed and no database is needed:
 * an SQL file is read; a program runs against nothing, or, on SQLite, against a database in memory
 * that has the present schema.
 */
export async function recordMigrations(request: RecordRequest): Promise<RecordedMigration[]> {
  const { dialect, migrations, present, direction = "up" } = request;
  const recorder = await openRecorder(dialect, present);
  const recorded: RecordedMigration[] = [];
  let left: string | null = null;
  try {
    for (const migration of migrations) {
      const { name, file } = migration;
      const module = await loadMigration(migration, dialect);
      const { transactional, compatible, allow: allowed } = module;
      const known = { name, file, transactional, compatible, allowed };
      const recording: Recording =
        left === null
          ? await runProgram(recorder, (knex) => module[direction]?.(knex))
          : { statements: [], readsData: false, stoppedBy: `${left} before it did not end` };
      if (recording.stoppedBy === tooLong) left = name;
      recorded.push({ ...known, ...(written(module, direction) ?? recording) });
    }
    return recorded;
  } finally {
    // One that did not end holds its connection.
    const closed = recorder.close();
    if (left === null) await closed;
    else closed.catch(() => {});
  }
}

/** What an SQL file says by itself. */
function written({ statements }: MigrationModule, direction: MigrationDirection): Recording | null {
  const list = statements?.[direction] ?? null;
  return list === null ? null : { statements: list, readsData: false, stoppedBy: null };
}

const tooLong = `it had not ended after ${longest / 1000} seconds`;

async function runProgram(recorder: Recorder, work: (knex: Knex) => unknown): Promise<Recording> {
  const seen = recorder.begin();
  const deadline = Promise.withResolvers<string>();
  const timer = setTimeout(() => deadline.resolve(tooLong), longest);
  const ended = (async () => {
    try {
      await work(recorder.knex);
      return null;
    } catch (error) {
      return reasonOf(error);
    }
  })();
  const stoppedBy = await Promise.race([ended, deadline.promise]);
  clearTimeout(timer);
  // A copy: one that did not end may go on.
  return { statements: [...seen.statements.list()], readsData: seen.readsData, stoppedBy };
}
