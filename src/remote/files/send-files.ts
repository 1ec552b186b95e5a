import { hash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import type { Project } from "../../config/project.ts";
import { hashFile } from "../../deploy/content/content-store.ts";
import { openHashCache, saveHashCache } from "../../deploy/content/hash-cache.ts";
import { writeFrame } from "../frames.ts";
import type { Message, ProjectFile } from "../protocol.ts";
import { type ListedFile, listProjectFiles } from "./project-files.ts";

/** The project's files by content, for a host that says which of them it lacks. */
export interface Shipment {
  files: ProjectFile[];
  /** Where each content is read, by its SHA-256. */
  sources: Map<string, { from: string; bytes: number }>;
}

export async function prepareShipment(
  project: Project,
  env: Record<string, string | undefined>,
): Promise<Shipment> {
  const listed = await listProjectFiles(project, env);
  const folder = join(env["XDG_CACHE_HOME"] ?? join(env["HOME"] ?? homedir(), ".cache"), "studio");
  const hashes = openHashCache(join(folder, `files-${hash("sha256", project.directory)}.json`));
  const store = { folder, hashes };
  const shipment: Shipment = { files: [], sources: new Map() };
  for (const { from, ...file } of listed satisfies ListedFile[]) {
    const { sha256, bytes } = await hashFile(store, from);
    shipment.files.push({ ...file, sha256, bytes });
    shipment.sources.set(sha256, { from, bytes });
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    saveHashCache(hashes, () => {});
  } catch {
    // Without a place for it, all is hashed again the next time.
  }
  return shipment;
}

const pieceBytes = 256 * 1024;

export const sendMessage = (stream: Writable, message: Message): Promise<void> =>
  writeFrame(stream, "message", JSON.stringify(message));

/**
 * Sends the contents that the host asked for. Each is exactly as long as was announced, whatever
 * becomes of the file meanwhile: its hash then tells.
 */
export async function sendContents(
  stream: Writable,
  { sources }: Shipment,
  wanted: readonly string[],
): Promise<void> {
  for (const sha256 of wanted) {
    const source = sources.get(sha256);
    if (source === undefined) throw new Error("The host asked for a file that is not there.");
    await sendMessage(stream, { kind: "object", sha256, bytes: source.bytes });
    const file = await open(source.from, "r");
    try {
      for (let left = source.bytes; left > 0; ) {
        const piece = Buffer.alloc(Math.min(left, pieceBytes));
        const { bytesRead } = await file.read(piece, 0, piece.length);
        // Zeros in place of what was cut off.
        left -= bytesRead === 0 ? piece.length : bytesRead;
        await writeFrame(stream, "data", bytesRead === 0 ? piece : piece.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }
}
