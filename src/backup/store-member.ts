import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { reasonOf, systemCode } from "../errors.ts";
import type { ManifestEntry } from "./manifest.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import type { FileMember, Member, SourceContext } from "./source.ts";
import { frameBytes } from "./zstd.ts";

/** Writes one member to the archives. Null when it was gone or could not be read. */
export async function storeMember(
  segments: SegmentWriter,
  member: Member,
  context: SourceContext,
): Promise<ManifestEntry | null> {
  if (member.type === "file") return storeFile(segments, member, context);
  const { type, path, mode, uid, gid, mtime } = member;
  const target = member.type === "symlink" ? member.target : "";
  const place = await segments.beginMember({ type, path, mode, uid, gid, mtime, target, size: 0 });
  const attributes = { path, mode, uid, gid, mtime, ...place };
  if (member.type === "symlink") return { type: "symlink", target, ...attributes };
  return { type: "directory", ...attributes, ...(member.parent ? { parent: true } : {}) };
}

async function storeFile(
  segments: SegmentWriter,
  member: FileMember,
  context: SourceContext,
): Promise<ManifestEntry | null> {
  const content = openContent(member, context);
  if (content === null) return null;
  try {
    return await copyContent(segments, member, context, content);
  } finally {
    closeSync(content.descriptor);
  }
}

interface Content {
  descriptor: number;
  size: number;
  /** The first bytes, read already: most files that cannot be read fail here, without a trace. */
  first: Buffer;
}

function openContent(member: FileMember, context: SourceContext): Content | null {
  let descriptor = -1;
  try {
    // A link or FIFO that took the file's place meanwhile must neither be followed nor waited for.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    descriptor = openSync(member.file, flags);
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw Object.assign(new Error("no file any more"), { code: "ENOENT" });
    return { descriptor, size: stats.size, first: readPiece(descriptor, 0, stats.size) };
  } catch (error) {
    if (descriptor >= 0) closeSync(descriptor);
    const gone = systemCode(error) === "ENOENT" || systemCode(error) === "ELOOP";
    if (gone) context.vanish(member.path);
    else context.skip(member.path, reasonOf(error));
    return null;
  }
}

/**
 * Copies as many bytes as the file had when it was opened: a growing file is cut there. One that
 * shrinks or fails half-way is filled up with zeros, for its length is in the archive already; it
 * is reported and never restored.
 */
async function copyContent(
  segments: SegmentWriter,
  member: FileMember,
  context: SourceContext,
  content: Content,
): Promise<ManifestEntry> {
  const { path, mode, uid, gid, mtime, database } = member;
  const { size } = content;
  const attributes = { path, size, mode, uid, gid, mtime };
  const place = await segments.beginMember({ type: "file", target: "", ...attributes });
  const hash = createHash("sha256");
  let failure: string | null = null;
  for (let done = 0; done < size; ) {
    const piece: Buffer | string =
      failure === null ? nextPiece(content, done) : Buffer.alloc(Math.min(frameBytes, size - done));
    if (typeof piece === "string") {
      failure = piece;
      continue;
    }
    hash.update(piece);
    await segments.write(piece);
    done += piece.length;
  }
  await segments.endMember(size);
  if (failure !== null) {
    context.skip(path, `${failure}; the archive holds zeros in place of the rest`);
    return { type: "torn", path, size, ...place };
  }
  const sha256 = hash.digest("hex");
  return { type: "file", ...attributes, sha256, ...place, ...(database ? { database } : {}) };
}

function nextPiece(content: Content, done: number): Buffer | string {
  if (done === 0 && content.first.length > 0) return content.first;
  try {
    const piece = readPiece(content.descriptor, done, content.size - done);
    return piece.length === 0 ? "it became shorter while it was read" : piece;
  } catch (error) {
    return reasonOf(error);
  }
}

function readPiece(descriptor: number, position: number, atMost: number): Buffer {
  const piece = Buffer.allocUnsafe(Math.min(frameBytes, atMost));
  const length = piece.length === 0 ? 0 : readSync(descriptor, piece, 0, piece.length, position);
  return piece.subarray(0, length);
}
