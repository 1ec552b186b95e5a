import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { DrillReport } from "../backup/drill/drill-record.ts";
import { drillSnapshot } from "../backup/drill/drill.ts";
import { verifyFolder } from "../backup/unfinished.ts";
import { StudioError, exitCodes } from "../errors.ts";
import { createAdvance } from "../format/advance.ts";
import { createIdentifier } from "../identifier.ts";
import { tryModel } from "../inference/try-model.ts";
import { backupWorkDirectory } from "./backup-repository.ts";
import { noteWorkingKeys } from "./check-keys.ts";
import { environmentServer } from "./databases/environment-server.ts";
import { existingAncestor } from "./existing-ancestor.ts";
import { findSnapshot } from "./find-snapshot.ts";
import { withSnapshot } from "./snapshot-of.ts";
import type { Workplace } from "./workplace.ts";

export interface DrillRequest {
  /** An id, its beginning, a name or `latest`. */
  snapshot: string;
  /** Absolute paths of age identity files. */
  identityFiles: readonly string[];
  /** Absolute path of a folder with room for all that is restored; the project's by default. */
  scratch: string | null;
  say: (text: string) => void;
}

/** Restores a snapshot into a scratch folder and a scratch database, to see that it can be. */
export async function drillBackup(place: Workplace, request: DrillRequest): Promise<DrillReport> {
  const { desk, project, database } = place;
  const id = await findSnapshot(place, request.snapshot);
  const scratch = verifyFolder(request.scratch ?? backupWorkDirectory(project));
  const { signal } = desk;
  const options = {
    scratch,
    loadDump:
      database.dialect === "sqlite"
        ? null
        : async (_facts: unknown, folder: string) => {
            const server = await environmentServer(place);
            return server.drill(folder, createIdentifier(desk.now()), { signal });
          },
    tryModel,
    now: () => desk.now(),
    signal,
    onProgress: createAdvance(request.say),
    say: request.say,
  };
  return withSnapshot(place, id, request.identityFiles, async (open) => {
    await requireRoom(scratch, open.snapshot.commit.counts.bytes);
    const report = await drillSnapshot({ ...open, ...options });
    if (report.ok) noteWorkingKeys(project, open.identities, desk.now());
    return report;
  });
}

async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(existingAncestor(folder));
  if (bavail * bsize > bytes * 1.05) return;
  throw new StudioError({
    code: "backup.noRoom",
    message: `The drill writes ${bytes} bytes, and ${join(folder, "..")} has room for ${bavail * bsize}.`,
    hint: "Name a folder on a larger disk: --scratch DIR.",
    exitCode: exitCodes.unavailable,
  });
}
