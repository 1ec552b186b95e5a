import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { restoreSnapshot } from "../../backup/restore/restore.ts";
import type { DatabaseFacts } from "../../backup/format/entry.ts";
import type { Snapshot } from "../../backup/snapshot/open-snapshot.ts";
import { usageError } from "../../errors.ts";
import { type Step, type StepRun, nothingToProbe } from "../../operation/step.ts";
import { backupWorkDirectory } from "../backup-repository.ts";
import { damagedFiles } from "../damaged-files.ts";
import { withSnapshot } from "../snapshot-of.ts";
import type { Workplace } from "../workplace.ts";
import type { RestoreInput } from "./restore-input.ts";

type Unpacking = Pick<RestoreInput, "id" | "snapshot" | "identityFiles">;

/** Where the copy of a database lies while it is put back. */
export function unpackedIn({ project }: Pick<Workplace, "project">, { id }: Unpacking): string {
  return join(backupWorkDirectory(project), `restore-${id}`);
}

/** The file, or the folder of the dump, of the environment's database in a snapshot. */
export async function databaseIn(
  { database }: Pick<Workplace, "database">,
  snapshot: Snapshot,
): Promise<DatabaseFacts> {
  const { id } = snapshot.commit;
  const { databases } = await snapshot.manifest();
  const facts = databases.find(({ label }) => label === "database");
  if (facts === undefined) {
    throw usageError(
      `Snapshot ${id} holds no database.`,
      "`studio backup list` shows which snapshots hold one.",
    );
  }
  if (facts.dialect === database.dialect) return facts;
  throw usageError(
    `Snapshot ${id} holds a database of ${facts.dialect}, and the environment's is of ${database.dialect}.`,
    "Restore it as files (`studio backup restore ID .studio/snapshot --target DIR`), and load them by hand.",
  );
}

export interface Unpacked {
  /** The file, or the folder of the dump. */
  path: string;
  facts: DatabaseFacts;
}

/** Brings the copy of the database out of the snapshot, each file proven by its SHA-256. */
async function unpackDatabase(
  place: Workplace,
  input: Unpacking,
  into: string,
  signal: AbortSignal,
): Promise<Unpacked> {
  return withSnapshot(place, input.snapshot, input.identityFiles, async (open) => {
    const facts = await databaseIn(place, open.snapshot);
    await rm(into, { recursive: true, force: true });
    const report = await restoreSnapshot({
      ...open,
      target: into,
      paths: [facts.path],
      conflict: "always",
      keepReplacedIn: join(into, "replaced"),
      signal,
    });
    if (report.damaged.length > 0) throw damagedFiles(input.snapshot, report.damaged);
    return { path: join(into, facts.path), facts };
  });
}

/** The first step of a restore that loads a copy of the database from a folder. */
export function unpackStep(place: Workplace, input: RestoreInput): Step {
  const into = unpackedIn(place, input);
  const remove = (run: StepRun) =>
    run.effect("remove", () => rm(into, { recursive: true, force: true }));
  return {
    id: "unpack",
    title: "Bring the copy of the database out of the snapshot",
    probe: nothingToProbe,
    do: (run) => run.effect("unpack", () => unpackDatabase(place, input, into, run.signal)),
    undo: remove,
  };
}

export function tidyStep(place: Workplace, input: RestoreInput): Step {
  const into = unpackedIn(place, input);
  return {
    id: "tidy",
    title: "Remove the unpacked copy",
    kind: "final",
    probe: () => (existsSync(into) ? "partial" : "done"),
    do: (run) => run.effect("remove", () => rm(into, { recursive: true, force: true })),
    undo: async () => undefined,
  };
}
