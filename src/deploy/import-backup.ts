import { type SnapshotReport, createSnapshot } from "../backup/create/create.ts";
import { importArchive } from "../backup/import/import.ts";
import { importFolder } from "../backup/unfinished.ts";
import { createAdvance } from "../format/advance.ts";
import { createIdentifier } from "../identifier.ts";
import { backupWorkDirectory, repositoryGuides, withRepository } from "./backup-repository.ts";
import type { Workplace } from "./workplace.ts";

/** What stands for the environment of a snapshot that came from elsewhere: no environment's own. */
const elsewhere = "imported";

export interface ImportRequest {
  /** Absolute path of a tar archive. */
  file: string;
  set: string;
  name?: string | undefined;
  tags: string[];
  /** Bytes that the archive may hold; null: what is likely for its size. */
  maxBytes: number | null;
  /** Told how far it is. */
  say: (text: string) => void;
}

/** Makes a snapshot of a tar archive that someone else made. */
export async function importBackup(
  place: Workplace,
  { file, set, name, tags, maxBytes, say }: ImportRequest,
): Promise<SnapshotReport> {
  const { desk, project } = place;
  const workDirectory = backupWorkDirectory(project);
  const { signal } = desk;
  const scratch = importFolder(workDirectory);
  const onProgress = createAdvance(say);
  const archive = { file, scratch, maxBytes, now: desk.now(), signal, onProgress };
  return importArchive(archive, (source) =>
    withRepository(place, (store) =>
      createSnapshot({
        store,
        recipients: project.settings.backup.recipients,
        workDirectory,
        guides: repositoryGuides(),
        id: createIdentifier(desk.now()),
        set,
        name,
        tags,
        environment: elsewhere,
        release: null,
        schemaHead: null,
        toolVersion: desk.version,
        sources: [source],
        transient: true,
        now: () => desk.now(),
        lockWait: 60_000,
        signal,
        onProgress,
      }),
    ),
  );
}
