import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import { besideName } from "../beside-name.ts";
import { dumpActive } from "./dump-structure.ts";
import { structureFiles } from "./dump-record.ts";
import { mysqlDatabase } from "./options-file.ts";
import { dropSchema, dropTriggers, exists, loadActive } from "./restore.ts";
import { type MysqlSchema, readSchema } from "./schema-facts.ts";
import { type MysqlOptions, type MysqlSession, quoteName, withMysql } from "./session.ts";

export interface MysqlExchangeOptions extends MysqlOptions {
  /** Of the restore. */
  id: string;
  /** The folder of the dump: its triggers, routines, views and events come into the live schema. */
  from: string;
  /** A folder for the definitions that the restore replaces; an undo needs it. */
  keepReplacedIn: string;
}

/**
 * Puts the filled schema in the place of the live one, whose tables move to
 * `<name>_studio_before_<id>`. All tables move in one statement: other sessions see the old ones or
 * the new ones. Triggers cannot move: between dropping the old and creating the new ones, which
 * takes a moment, writes run without them, so the application should rest. Can be repeated after a
 * crash; after a failure, `undoMysqlExchange` puts everything back.
 * @returns the schema that keeps the old tables
 */
export function exchangeMysql(options: MysqlExchangeOptions): Promise<string> {
  const names = namesOf(options);
  return withMysql(options, async (session) => {
    const filled = await readSchema(session, names.filled);
    if ((filled?.tables.length ?? 0) > 0) {
      await saveLive(session, names.live, options.keepReplacedIn);
      try {
        await moveTables(session, names.live, names.kept, names.filled);
      } catch (error) {
        // Where this fails as well, undoMysqlExchange does it later.
        await replaceActive(session, names.live, savedFolder(options)).catch(() => {});
        throw error;
      }
    } else if ((await readSchema(session, names.kept)) === null) throw nothingFilled(names.filled);
    await replaceActive(session, names.live, options.from);
    if (!(await hasTables(session, names.filled))) await dropSchema(session, names.filled);
    return names.kept;
  });
}

/**
 * Puts the tables and definitions back that an exchange replaced; the restored tables go back to
 * the schema where they were filled. Does nothing when there is nothing to undo.
 */
export async function undoMysqlExchange(
  options: Omit<MysqlExchangeOptions, "from">,
): Promise<void> {
  const names = namesOf(options);
  if (!(await exists(savedFolder(options)))) return;
  await withMysql(options, async (session) => {
    const kept = await readSchema(session, names.kept);
    if (kept !== null && (kept.tables.length > 0 || !(await hasTables(session, names.filled)))) {
      await moveTables(session, names.live, names.filled, names.kept);
    }
    await replaceActive(session, names.live, savedFolder(options));
    await dropSchema(session, names.kept);
  });
  await rm(savedFolder(options), { recursive: true, force: true });
}

/** Drops what an exchange replaced: it cannot be undone after this. */
export async function dropKeptMysql(options: Omit<MysqlExchangeOptions, "from">): Promise<void> {
  await withMysql(options, (session) => dropSchema(session, namesOf(options).kept));
  await rm(savedFolder(options), { recursive: true, force: true });
}

/** Drops what a restore filled and never put in place, or what undoing it put aside. */
export async function dropFilledMysql(
  options: Omit<MysqlExchangeOptions, "from" | "keepReplacedIn">,
): Promise<void> {
  await withMysql(options, (session) => dropSchema(session, namesOf(options).filled));
}

function namesOf({ address, id }: Pick<MysqlExchangeOptions, "address" | "id">) {
  const live = mysqlDatabase(address);
  return { live, filled: besideName(live, "restore", id), kept: besideName(live, "before", id) };
}

function savedFolder({ keepReplacedIn }: { keepReplacedIn: string }): string {
  return join(keepReplacedIn, "definitions");
}

/** Keeps the live definitions; what an earlier, interrupted run kept is the original. */
async function saveLive(session: MysqlSession, live: string, keepIn: string): Promise<void> {
  const saved = savedFolder({ keepReplacedIn: keepIn });
  if (await exists(saved)) return;
  const writing = `${saved}.writing`;
  await rm(writing, { recursive: true, force: true });
  await mkdir(writing, { recursive: true, mode: 0o700 });
  const schema = await readSchema(session, live);
  if (schema !== null) await dumpActive(session, schema, live, writing);
  await rename(writing, saved);
}

/** Moves the tables of the live schema to `aside` and those of `from` into it, in one statement. */
async function moveTables(
  session: MysqlSession,
  live: string,
  aside: string,
  from: string,
): Promise<void> {
  const current = await readSchema(session, live);
  const coming = await readSchema(session, from);
  const like = coming ?? current;
  const characters = `CHARACTER SET ${like?.characterSet} COLLATE ${like?.collation}`;
  for (const name of [live, aside]) {
    await session.query(`CREATE DATABASE IF NOT EXISTS ${quoteName(name)} ${characters};`);
  }
  const moves = [...renames(current, live, aside), ...renames(coming, from, live)];
  if (moves.length === 0) return;
  await dropTriggers(session, live);
  await session.query(
    `SET SESSION foreign_key_checks = 0;
     RENAME TABLE ${moves.join(", ")};`,
  );
}

function renames(schema: MysqlSchema | null, from: string, to: string): string[] {
  return (schema?.tables ?? []).map(
    ({ name }) => `${quoteName(from)}.${quoteName(name)} TO ${quoteName(to)}.${quoteName(name)}`,
  );
}

/** Takes the triggers, routines, views and events of `live` away and loads those of a folder. */
async function replaceActive(session: MysqlSession, live: string, folder: string): Promise<void> {
  const schema = await readSchema(session, live);
  if (schema === null) return;
  const place = (name: string): string => `${quoteName(live)}.${quoteName(name)}`;
  const drops = [
    ...schema.events.map((name) => `DROP EVENT IF EXISTS ${place(name)};`),
    ...schema.views.map((name) => `DROP VIEW IF EXISTS ${place(name)};`),
    ...schema.routines
      .toSorted((one) => (one.kind === "PACKAGE BODY" ? -1 : 1))
      .map(({ kind, name }) => `DROP ${kind} IF EXISTS ${place(name)};`),
  ];
  await dropTriggers(session, live);
  if (drops.length > 0) await session.query(drops.join("\n"));
  await loadActive(session, folder, live);
  const events = join(folder, structureFiles.events);
  if (await exists(events)) await session.load(events, live);
}

async function hasTables(session: MysqlSession, name: string): Promise<boolean> {
  return ((await readSchema(session, name))?.tables.length ?? 0) > 0;
}

function nothingFilled(name: string): StudioError {
  return new StudioError({
    code: "database.notRestored",
    message: `There is no schema ${name} with tables to put in place.`,
    hint: "Restore the dump first.",
    exitCode: exitCodes.usage,
  });
}
