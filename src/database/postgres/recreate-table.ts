import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";
import { StudioError, exitCodes } from "../../errors.ts";
import { type Selection, selectTable } from "./archive-selection.ts";
import { connectionVariables, databaseName, qualified, quoteIdentifier } from "./connection.ts";
import type { DumpedTable } from "./dump-record.ts";
import { programFailed } from "./programs.ts";
import { type RestorePostgresOptions, connectionString } from "./restore.ts";
import type { RestoredTable } from "./restore-table.ts";
import { readServer } from "./server.ts";
import type { TocEntry } from "./toc.ts";

export interface RecreateOptions extends RestorePostgresOptions {
  /** A folder for temporary files. */
  scratch: string;
}

/**
 * Creates a table that is not in the live database any more, in one transaction, by pg_restore
 * with the entries of that table. Foreign keys that pointed at it from other tables went with it
 * and are not created again: the notes say so.
 */
export async function recreateTable(
  client: Client,
  options: RecreateOptions,
  table: DumpedTable,
  entries: readonly TocEntry[],
): Promise<RestoredTable> {
  const { schema, name } = table;
  const selection = selectTable(entries, schema, name);
  if (selection === null) throw notDescribed(table);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`);
  await runRestore(client, options, selection);
  const { rows } = await client.query<{ n: string }>(
    `SELECT count(*) AS n FROM ONLY ${qualified(schema, name)}`,
  );
  const found = Number(rows[0]?.n);
  if (found !== table.rows) throw differs(table, found);
  const notes = selection.incoming.map(
    ({ tag }) => `The foreign key "${tag}" (table and name) was not restored.`,
  );
  return { schema, name, rows: found, method: "created", keptAs: null, notes };
}

async function runRestore(
  client: Client,
  options: RecreateOptions,
  selection: Selection,
): Promise<void> {
  const { address, programs, from, onStart, signal } = options;
  const server = await readServer(client);
  const program = await programs.locate("pg_restore", server.major);
  const folder = join(options.scratch, "selection");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const list = selection.entries.map(({ id }) => `${id};\n`).join("");
  await writeFile(join(folder, "entries"), list);
  const shared = await programs.share(from, "read");
  const sharedList = await programs.share(folder, "read");
  try {
    const argv = [
      "--single-transaction",
      "--exit-on-error",
      `--use-list=${sharedList.path}/entries`,
      ...(server.isSuperuser ? [] : ["--no-owner", "--no-privileges"]),
      `--dbname=${connectionString(await databaseName(address))}`,
      shared.path,
    ];
    const env = await connectionVariables(address);
    const result = await programs.run(program, argv, { env, onStart, signal });
    if (result.exitCode !== 0) throw programFailed(program, result, "The table cannot be created");
  } finally {
    await sharedList.remove();
    await shared.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

function notDescribed({ schema, name }: DumpedTable): StudioError {
  return new StudioError({
    code: "database.dumpUnknown",
    message: `The dump does not tell how to create ${schema}.${name}.`,
    hint: "Restore the whole database.",
    exitCode: exitCodes.checkFailed,
  });
}

function differs({ schema, name, rows }: DumpedTable, found: number): StudioError {
  return new StudioError({
    code: "database.restoreDiffers",
    message: `${schema}.${name} was created with ${found} rows instead of ${rows}.`,
    exitCode: exitCodes.checkFailed,
  });
}
