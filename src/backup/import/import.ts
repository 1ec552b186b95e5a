import { mkdir, rm } from "node:fs/promises";
import { systemCode, usageError } from "../../errors.ts";
import type { ProgressListener } from "../pace.ts";
import type { Member, Source } from "../sources/source.ts";
import { openArchive } from "./open-archive.ts";
import { diskFull } from "./refusals.ts";
import { unpackArchive } from "./unpack-archive.ts";

export interface ImportOptions {
  /** Absolute path of the archive. */
  file: string;
  /** A folder for what is unpacked, made here, and removed at the end. */
  scratch: string;
  /** Bytes that the archive may hold; null: what is likely for its size. */
  maxBytes: number | null;
  now: Date;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

const membersAtOnce = 512;

/**
 * Unpacks a tar archive that someone else made, and hands its members to `create`. Nothing of the
 * archive is trusted: no name of it reaches the file system, and it is read to its end before
 * `create` is called.
 * @throws StudioError: exit 2 for an archive that asks for what none should, or is too large; exit 4
 *   for one that is damaged; exit 8 where the disk has no room
 */
export async function importArchive<Result>(
  options: ImportOptions,
  create: (source: Source) => Promise<Result>,
): Promise<Result> {
  const { file, scratch, maxBytes, now, signal, onProgress } = options;
  const archive = await openArchive(file, signal);
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  try {
    const members = await unpackArchive({
      archive,
      scratch,
      maxBytes,
      now,
      signal,
      onProgress: (count, bytes) =>
        onProgress?.({ phase: "restore", members: count, bytes, totalBytes: null }),
    }).catch((error: unknown) => {
      throw systemCode(error) === "ENOSPC" ? diskFull(scratch) : error;
    });
    if (members.length === 0) throw usageError(`${file} holds nothing.`);
    return await create(archiveSource(members));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What was unpacked, with the attributes that the archive gives it. */
function archiveSource(members: readonly Member[]): Source {
  return {
    kind: "archive",
    owns: [],
    isEmpty: () => Promise.resolve(members.length === 0),
    async *members() {
      for (let start = 0; start < members.length; start += membersAtOnce) {
        yield members.slice(start, start + membersAtOnce);
      }
    },
  };
}
