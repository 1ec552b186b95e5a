import type { AppliedMigration } from "../migrate/journal.ts";
import {
  type Repair,
  type RepairReport,
  repairJournal,
  requireFitting,
  restoreJournal,
} from "../migrate/repair.ts";
import { listMigrations } from "../migrate/source.ts";
import { readSchemaState } from "../migrate/state.ts";
import { perform } from "../operation/perform.ts";
import type { Step } from "../operation/step.ts";
import { withDatabaseFrom } from "./database-from-file.ts";
import { migrationInput } from "./migration-input.ts";
import { liveMigrationFolders } from "./project-folders.ts";
import type { Workplace } from "./workplace.ts";

export interface RepairInput {
  repair: Repair;
  /** The journal before. */
  journal: AppliedMigration[];
  databaseUrlFile: string | null;
}

/** Changes the journal of migrations as one operation; the schema stays as it is. */
export async function repair(
  workplace: Workplace,
  asked: Pick<RepairInput, "repair" | "databaseUrlFile">,
  message: string | null,
): Promise<RepairReport> {
  // Once more under the lock; an order that makes no sense leaves no lock or ledger behind.
  await planRepair(workplace, asked);
  const title = asked.repair.kind === "baseline" ? "migrate baseline" : "migrate repair";
  const { results } = await perform(workplace.desk, title, async () => {
    const input = await planRepair(workplace, asked);
    return { kind: "repair", message, input, steps: repairSteps(workplace, input) };
  });
  return results.get("repair") as RepairReport;
}

async function planRepair(
  workplace: Workplace,
  asked: Pick<RepairInput, "repair" | "databaseUrlFile">,
): Promise<RepairInput> {
  const place = withDatabaseFrom(workplace, asked.databaseUrlFile);
  const migrations = listMigrations(liveMigrationFolders(place));
  const { applied } = await readSchemaState({ database: place.database, migrations });
  requireFitting(asked.repair, applied, migrations);
  return { ...asked, journal: applied };
}

export function repairSteps(workplace: Workplace, input: RepairInput): Step[] {
  const place = withDatabaseFrom(workplace, input.databaseUrlFile);
  const { database } = place;
  return [
    {
      id: "repair",
      title: titleOf(input.repair),
      async probe() {
        const { applied } = await readSchemaState({ database, migrations: [] });
        return JSON.stringify(applied) === JSON.stringify(input.journal) ? "absent" : "partial";
      },
      async do(run) {
        const given = migrationInput(place, run.signal);
        return run.effect("journal", () => repairJournal(given, input.repair));
      },
      async undo(run) {
        const given = migrationInput(place, run.signal);
        await run.effect("journal-back", () => restoreJournal(given, input.journal));
      },
    },
  ];
}

function titleOf(repair: Repair): string {
  switch (repair.kind) {
    case "accept":
      return `Take the file of ${repair.name} as it is for what was applied`;
    case "forget":
      return `Forget ${repair.name}`;
    case "applied":
      return `Note that ${repair.name} was carried through by hand`;
    case "reverted":
      return `Note that ${repair.name} was undone by hand`;
    case "relink":
      return "Number the rows of the journal anew";
    case "baseline":
      return `Note that the schema holds everything up to ${repair.name}`;
  }
}
