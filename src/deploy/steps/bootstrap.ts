import { rm } from "node:fs/promises";
import { join } from "node:path";
import { importHistory } from "../../ledger/import-history.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { restoreSnapshot } from "../../backup/restore/restore.ts";
import { type Step, nothingToProbe, nothingToUndo } from "../../operation/step.ts";
import { atRepository } from "../at-repository.ts";
import { backupWorkDirectory } from "../backup-repository.ts";
import { damagedFiles } from "../damaged-files.ts";
import { withSnapshot } from "../snapshot-of.ts";
import type { Workplace } from "../workplace.ts";
import { restoreDatabaseSteps } from "./restore-database.ts";
import type { RestoreInput } from "./restore-input.ts";
import { filesStep, verifyStep } from "./restore.ts";
import { tidyStep } from "./unpack-database.ts";

export interface BootstrapInput {
  /** Where the snapshot is, which need not be where the next ones go. */
  repository: string;
  restore: RestoreInput;
  /** What the snapshot holds besides files. */
  holds: { database: boolean; ledger: boolean };
}

/** Brings everything of a snapshot to a host that has nothing yet. */
export function bootstrapSteps(place: Workplace, ledger: Ledger, input: BootstrapInput): Step[] {
  const there = atRepository(place, input.repository);
  const { restore, holds } = input;
  const { beside, inPlace } = restoreDatabaseSteps(there, restore);
  return [
    verifyStep(there, restore),
    filesStep(there, restore),
    ...(holds.database ? [...beside, ...inPlace] : []),
    ...(holds.ledger ? [historyStep(there, ledger, restore)] : []),
    tidyStep(there, restore),
  ];
}

/** What was done on the host that is lost; it harms nobody, and is kept when the rest is undone. */
function historyStep(place: Workplace, ledger: Ledger, input: RestoreInput): Step {
  const into = join(backupWorkDirectory(place.project), `history-${input.id}`);
  return {
    id: "history",
    title: "Bring back the history of operations and releases",
    probe: nothingToProbe,
    undo: nothingToUndo,
    async do(run) {
      const file = await unpackLedger(place, input, into, run.signal);
      try {
        return await run.effect("import", () => importHistory(ledger, file));
      } finally {
        await rm(into, { recursive: true, force: true });
      }
    },
  };
}

async function unpackLedger(
  place: Workplace,
  input: RestoreInput,
  into: string,
  signal: AbortSignal,
): Promise<string> {
  return withSnapshot(place, input.snapshot, input.identityFiles, async (open) => {
    const { databases } = await open.snapshot.manifest();
    const path = databases.find(({ label }) => label === "ledger")?.path ?? "";
    await rm(into, { recursive: true, force: true });
    const report = await restoreSnapshot({
      ...open,
      target: into,
      paths: [path],
      conflict: "always",
      keepReplacedIn: join(into, "replaced"),
      signal,
    });
    if (report.damaged.length > 0) throw damagedFiles(input.snapshot, report.damaged);
    return join(into, path);
  });
}
