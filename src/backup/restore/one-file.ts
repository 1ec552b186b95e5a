import { damaged } from "../failures.ts";
import type { FileEntry } from "../format/entry.ts";
import { escapePath } from "../format/path-text.ts";
import type { Snapshot } from "../snapshot/open-snapshot.ts";
import type { FileToWrite, UnpackJob, WantedContent } from "../unpack/protocol.ts";
import { fetchedObjects } from "../unpack/object-source.ts";
import { Unpacker } from "../unpack/unpacker.ts";

/**
 * Writes the content of one file of a snapshot, proven by its SHA-256, to a new file with its
 * attributes. Nothing stays where it is damaged.
 */
export async function writeOneFile(
  snapshot: Snapshot,
  entry: FileEntry,
  path: string,
): Promise<void> {
  const { mode, uid, gid, mtime, sha256, size } = entry;
  const owner = process.getuid?.() === 0 ? { uid, gid } : null;
  const file: FileToWrite = {
    temporary: path,
    final: null,
    mode,
    owner,
    mtime,
    sparse: entry.sparse === true,
  };
  const { problems } = await new Unpacker({
    objects: fetchedObjects((object) => snapshot.stored(object)),
    opener: snapshot.opener,
    proof: "all",
  }).run(jobOf(entry, { sha256, size, files: [file] }));
  const [problem] = problems;
  if (problem === null || problem === undefined) return;
  throw damaged(`${escapePath(entry.path)} in snapshot ${snapshot.commit.id}: ${problem}.`);
}

function jobOf({ place }: FileEntry, content: WantedContent): UnpackJob {
  if (place?.kind === "member") {
    const object = { kind: "segment" as const, sha256: place.object };
    return { type: "segment", object, members: [{ member: place.member, content }] };
  }
  const names = place?.objects ?? [];
  const objects = names.map((sha256) => ({ kind: "chunk" as const, sha256 }));
  return { type: "large", objects, content };
}
