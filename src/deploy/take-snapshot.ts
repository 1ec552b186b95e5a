import { join } from "node:path";
import { type SnapshotReport, createSnapshot } from "../backup/create/create.ts";
import type { Store } from "../backup/store/store.ts";
import type { DatabaseAddress } from "../database/address.ts";
import { reasonOf } from "../errors.ts";
import { createAdvance } from "../format/advance.ts";
import { readSchemaState } from "../migrate/state.ts";
import type { Reach } from "../operation/faults.ts";
import { backupWorkDirectory, repositoryGuides, withRepository } from "./backup-repository.ts";
import { writeBackupFigures } from "./backup-figures.ts";
import { noteBackup } from "./noted-backup.ts";
import { observedStore } from "./observed-store.ts";
import { snapshotSources } from "./snapshot-sources.ts";
import type { ProgramRun } from "./databases/program-run.ts";
import type { View } from "./view.ts";

export interface TakeInput {
  place: View;
  set: string;
  id: string;
  /** The release that serves while the snapshot is taken. */
  release: string | null;
  name?: string | undefined;
  tags?: readonly string[];
  signal: AbortSignal;
  reach: Reach;
  /** Told what the operator should know of the snapshot although it is complete. */
  note: (text: string) => void;
  /** Told how far it is, while it is under way. */
  say: (text: string) => void;
  /** Told the process group of each program before it runs. */
  onStart?: ProgramRun["onStart"];
}

/** Takes a snapshot of one of the environment's sets and reads it back. */
export async function takeSnapshot(input: TakeInput): Promise<SnapshotReport> {
  const { place, set, id, release, name, tags, signal, reach } = input;
  const { desk, database } = place;
  const schemaHead = await schemaHeadOf(database);
  const sources = await snapshotSources(place, set, input.onStart);
  const advance = createAdvance(input.say);
  const create = (store: Store): Promise<SnapshotReport> =>
    createSnapshot({
      store: observedStore(store, reach),
      recipients: place.project.settings.backup.recipients,
      workDirectory: backupWorkDirectory(place.project),
      guides: repositoryGuides(),
      id,
      set,
      name,
      tags,
      environment: desk.environment,
      release,
      schemaHead,
      toolVersion: desk.version,
      sources,
      now: () => desk.now(),
      // Another environment may be using the same repository for a moment.
      lockWait: 60_000,
      signal,
      onProgress(progress) {
        reach("member");
        advance(progress);
      },
    });
  const start = performance.now();
  const report = await withRepository(place, create);
  tellFigures(input, report, performance.now() - start);
  noteBackup(place.project, { id, created: report.snapshot.created, verified: true });
  for (const remark of report.remarks) input.note(remark);
  for (const link of report.links) {
    input.note(
      `${link.path} is a symbolic link to ${link.target}: the snapshot has the link, and not what lies there.`,
    );
  }
  return report;
}

/** The snapshot is there, whether or not it can be told of. */
function tellFigures(input: TakeInput, report: SnapshotReport, milliseconds: number): void {
  const folder = join(input.place.desk.paths.root, "metrics");
  try {
    writeBackupFigures({ folder, report, milliseconds });
  } catch (error) {
    input.note(`The figures of the backup could not be written to ${folder}: ${reasonOf(error)}.`);
  }
}

/** Null where nothing was migrated. */
async function schemaHeadOf(database: DatabaseAddress): Promise<string | null> {
  return (await readSchemaState({ database, migrations: [] })).head;
}
