import { pipeline } from "node:stream/promises";
import type { Archiver } from "archiver";
import type { Entry } from "../format/entry.ts";
import { type ProgressListener, createPace } from "../pace.ts";
import type { SelectionOptions } from "../restore/selection.ts";
import type { Snapshot } from "../snapshot/open-snapshot.ts";
import { chosenEntries } from "./chosen-entries.ts";
import { Contents } from "./contents.ts";
import { type ArchiveFormat, compressorOf } from "./formats.ts";
import { type ArchiveLayout, appendMember, layOut } from "./members.ts";
import {
  type ExportOutput,
  type OpenOutput,
  Tally,
  openOutput,
  outputFailure,
} from "./output-file.ts";
import type { ExportNote } from "./zip-names.ts";

export interface ExportOptions extends Omit<SelectionOptions, "databases"> {
  snapshot: Snapshot;
  format: ArchiveFormat;
  output: ExportOutput;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

export interface ExportReport {
  snapshot: string;
  /** Null for a stream. */
  file: string | null;
  format: ArchiveFormat;
  /** Of the archive: hexadecimal. */
  sha256: string;
  /** Bytes of the archive. */
  bytes: number;
  /** Hard links count as links also where the format has none. */
  counts: { files: number; directories: number; links: number; bytes: number };
  /** What the format cannot hold as it is. */
  notes: ExportNote[];
}

/**
 * Writes a snapshot, or a part of it, as an archive for other programs. Each content is proven by
 * its SHA-256 before the last of it is written; the file has its name once it is complete and on
 * the disk. The same selection gives the same bytes each time.
 */
export async function exportSnapshot(options: ExportOptions): Promise<ExportReport> {
  const { snapshot, format, output } = options;
  const entries = await chosenEntries(snapshot, options);
  const layout = layOut(entries, format);
  const tally = new Tally();
  const opened = await openOutput(output);
  try {
    await writeArchive(options, layout, tally, opened);
    await opened.keep();
  } catch (error) {
    await opened.discard();
    throw outputFailure(error, "file" in output ? output.file : "the archive");
  }
  return {
    snapshot: snapshot.commit.id,
    file: "file" in output ? output.file : null,
    format,
    sha256: tally.sha256(),
    bytes: tally.bytes,
    counts: countEntries(entries),
    notes: layout.notes,
  };
}

async function writeArchive(
  options: ExportOptions,
  layout: ArchiveLayout,
  tally: Tally,
  { stream }: OpenOutput,
): Promise<void> {
  const { format, signal } = options;
  const archive = await createArchive(format, layout);
  const compressor = compressorOf(format);
  // Standard output stays open for whoever writes after the archive.
  const end = "file" in options.output;
  const flow =
    compressor === null
      ? pipeline(archive, tally, stream, { signal, end })
      : pipeline(archive, compressor, tally, stream, { signal, end });
  // What fails first is what is told: the other one only fails because of it.
  flow.catch(() => undefined);
  const broken = flow.then(() => new Promise<never>(() => undefined));
  try {
    await Promise.race([appendAll(archive, options, layout), broken]);
  } catch (error) {
    archive.destroy();
    await flow.catch(() => undefined);
    throw error;
  }
  await flow;
}

async function createArchive(format: ArchiveFormat, { members }: ArchiveLayout): Promise<Archiver> {
  if (format !== "zip") {
    const { TarArchive } = await import("./tar-archive.ts");
    return new TarArchive();
  }
  const { ZipArchive } = await import("archiver");
  const large = members.some(({ entry }) => entry.type === "file" && entry.size >= 0xffff_ffff);
  return new ZipArchive({ forceZip64: large, forceLocalTime: true, zlib: { level: 6 } });
}

async function appendAll(
  archive: Archiver,
  { snapshot, signal, onProgress }: ExportOptions,
  { members }: ArchiveLayout,
): Promise<void> {
  const contents = new Contents(snapshot);
  const totalBytes = members.reduce((sum, { entry }) => sum + sizeOf(entry), 0);
  const pace = createPace(signal);
  let [done, bytes] = [0, 0];
  for (const member of members) {
    await appendMember(archive, member, contents);
    done += 1;
    bytes += sizeOf(member.entry);
    onProgress?.({ phase: "restore", members: done, bytes, totalBytes });
    await pace();
  }
  await archive.finalize();
}

function sizeOf(entry: Entry): number {
  return entry.type === "file" ? entry.size : 0;
}

function countEntries(entries: readonly Entry[]): ExportReport["counts"] {
  const counts = { files: 0, directories: 0, links: 0, bytes: 0 };
  for (const entry of entries) {
    if (entry.type === "file") counts.files += 1;
    else if (entry.type === "directory") counts.directories += 1;
    else counts.links += 1;
    counts.bytes += sizeOf(entry);
  }
  return counts;
}
