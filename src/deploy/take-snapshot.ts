import { type SnapshotReport, createSnapshot } from "../backup/create/create.ts";
import { readMigrations } from "../migrate/source.ts";
import { readSchemaState } from "../migrate/state.ts";
import { backupWorkDirectory, openRepository, repositoryGuides } from "./backup-repository.ts";
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
  say: (text: string) => void;
}

/** Takes a snapshot of one of the environment's sets and reads it back. */
export async function takeSnapshot(input: TakeInput): Promise<SnapshotReport> {
  const { place, set, id, release, name, tags, signal } = input;
  const { desk, database } = place;
  const schema = await readSchemaState({ database, migrations: await readMigrations([]) });
  return createSnapshot({
    store: openRepository(place.project),
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
  });
}
