import { type ExportReport, exportSnapshot } from "../backup/export/export.ts";
import type { ArchiveFormat } from "../backup/export/formats.ts";
import type { ExportOutput } from "../backup/export/output-file.ts";
import { createAdvance } from "../format/advance.ts";
import { findSnapshot } from "./find-snapshot.ts";
import { withSnapshot } from "./snapshot-of.ts";
import type { Workplace } from "./workplace.ts";

export interface ExportRequest {
  /** An id, its beginning, a name or `latest`. */
  snapshot: string;
  output: ExportOutput;
  format: ArchiveFormat;
  paths: string[];
  include: string[];
  exclude: string[];
  /** Absolute paths of age identity files. */
  identityFiles: string[];
  /** Told how far it is. */
  say: (text: string) => void;
}

/** Writes a snapshot, or a part of it, as an archive for other programs. */
export async function exportBackup(
  place: Workplace,
  { snapshot, identityFiles, say, ...request }: ExportRequest,
): Promise<ExportReport> {
  const id = await findSnapshot(place, snapshot);
  const { signal } = place.desk;
  return withSnapshot(place, id, identityFiles, ({ snapshot: found }) =>
    exportSnapshot({ ...request, snapshot: found, signal, onProgress: createAdvance(say) }),
  );
}
