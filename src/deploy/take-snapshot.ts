import { type SnapshotReport, createSnapshot } from "../backup/create/create.ts";
import type { Store } from "../backup/store/store.ts";
import { readMigrations } from "../migrate/source.ts";
import { readSchemaState } from "../migrate/state.ts";
import type { Reach } from "../operation/faults.ts";
import { backupWorkDirectory, repositoryGuides, withRepository } from "./backup-repository.ts";
import { noteBackup } from "./noted-backup.ts";
import { observedStore } from "./observed-store.ts";
import { snapshotSources } from "./snapshot-sources.ts";
import type { Workplace } from "./workplace.ts";

export interface TakeInput {
  place: Workplace;
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
}

/** Takes a snapshot of one of the environment's sets and reads it back. */
export async function takeSnapshot(input: TakeInput): Promise<SnapshotReport> {
  const { place, set, id, release, name, tags, signal, reach } = input;
  const { desk, database } = place;
  const schema = await readSchemaState({ database, migrations: await readMigrations([]) });
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
      schemaHead: schema.head,
      toolVersion: desk.version,
      sources: snapshotSources(place, set),
      now: () => desk.now(),
      // Another environment may be using the same repository for a moment.
      lockWait: 60_000,
      signal,
      onProgress: () => reach("member"),
    });
  const report = await withRepository(place, create);
  noteBackup(place.project, { id, created: report.snapshot.created, verified: true });
  for (const link of report.links) {
    input.note(
      `${link.path} is a symbolic link to ${link.target}: the snapshot has the link, and not what lies there.`,
    );
  }
  return report;
}
