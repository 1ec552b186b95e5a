import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { restoreSqliteTable, undoRestoreSqliteTable } from "../../database/dump-sqlite-restore.ts";
import { usageError } from "../../errors.ts";
import { type Step, type StepRun, nothingToProbe } from "../../operation/step.ts";
import { environmentServer } from "../databases/environment-server.ts";
import type { RestoredTableRows } from "../databases/server-database.ts";
import type { Workplace } from "../workplace.ts";
import type { RestoreInput } from "./restore-input.ts";
import { unpackStep, unpackedIn } from "./unpack-database.ts";

/** The steps that give single tables their rows back while the database is in use. */
export function restoreTablesSteps(place: Workplace, input: RestoreInput): Step[] {
  return [unpackStep(place, input), tablesStep(place, input)];
}

function tablesStep(place: Workplace, input: RestoreInput): Step {
  const names = input.tables.map(({ name }) => name).join(", ");
  return {
    id: "tables",
    title: `Restore the rows of ${names}`,
    probe: nothingToProbe,
    async do(run) {
      const { file } = place.database;
      const restored =
        file === null
          ? await restoreServerTables(place, input, run)
          : await restoreFileTables(place, input, run, file);
      return restored.map(({ name, rows, keptAs }) => ({ name, rows, keptAs }));
    },
    async undo(run) {
      const { file } = place.database;
      await run.effect("put-back", () =>
        file === null ? undoServerTables(place, input) : undoFileTables(input, file),
      );
    },
  };
}

type Rows = Pick<RestoredTableRows, "name" | "rows" | "keptAs">;

async function restoreFileTables(
  place: Workplace,
  input: RestoreInput,
  run: StepRun,
  file: string,
): Promise<Rows[]> {
  const from = join(unpackedIn(place, input), ".studio/snapshot/database.sqlite3");
  const restored: Rows[] = [];
  for (const { name } of input.tables) {
    const { rows, keptAs } = await run.effect(`table-${name}`, () =>
      restoreSqliteTable({ file, table: name, id: input.id, from, signal: run.signal }),
    );
    restored.push({ name, rows, keptAs });
  }
  return restored;
}

async function undoFileTables({ tables, id }: RestoreInput, file: string): Promise<void> {
  for (const { name, existed } of tables) {
    await undoRestoreSqliteTable({ file, table: name, id }, existed ? "replaced" : "created");
  }
}

async function restoreServerTables(
  place: Workplace,
  input: RestoreInput,
  run: StepRun,
): Promise<Rows[]> {
  const server = await environmentServer(place);
  const { restoreTables } = server;
  if (restoreTables === null) throw wholeOnly();
  const { id, keepReplacedIn } = input;
  mkdirSync(keepReplacedIn, { recursive: true, mode: 0o700 });
  const from = join(unpackedIn(place, input), ".studio/snapshot/database");
  const names = input.tables.map(({ name }) => name);
  const { signal, child: onStart, say } = run;
  return run.effect("tables", () =>
    restoreTables({ id, from, keepReplacedIn }, names, { signal, onStart, say }),
  );
}

async function undoServerTables(place: Workplace, { id, tables }: RestoreInput): Promise<void> {
  const server = await environmentServer(place);
  await server.undoTables(id, tables);
}

function wholeOnly(): Error {
  return usageError(
    "Single tables of a MySQL database cannot be restored by this version.",
    "Restore the whole database with --database, or the dump as files: `studio backup restore ID .studio/snapshot --target DIR`.",
  );
}
