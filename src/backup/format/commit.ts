import { hash } from "node:crypto";
import { damaged } from "../failures.ts";
import { isRecord } from "./record.ts";

export const formatVersion = 1;

export interface SnapshotCounts {
  files: number;
  directories: number;
  links: number;
  /** Bytes of content before compression. */
  bytes: number;
  /** Bytes of all objects that the snapshot needs. */
  storedBytes: number;
  /** Bytes of the objects that were not in the repository before. */
  addedBytes: number;
  /** What could not be read. */
  skipped: number;
}

/** The file that makes a snapshot exist. It is never encrypted: it tells what there is to prune. */
export interface Commit {
  format: number;
  /** SHA-256 of the text of the commit itself with this value as 64 zeros. */
  checksum: string;
  id: string;
  /** ISO 8601, UTC. */
  created: string;
  set: string;
  name: string | null;
  tags: string[];
  environment: string;
  release: string | null;
  schemaHead: string | null;
  toolVersion: string;
  encrypted: boolean;
  counts: SnapshotCounts;
  /** Labels of the databases inside. */
  databases: string[];
  /** SHA-256 of the stored bytes of the snapshot's manifest. */
  manifest: string;
  /** SHA-256 of the snapshot's list of objects, how many it names, and the sum of their bytes. */
  objects: { sha256: string; count: number; bytes: number };
}

const unset = "0".repeat(64);

export function encodeCommit(fields: Omit<Commit, "format" | "checksum">): {
  commit: Commit;
  bytes: Buffer;
} {
  const text = `${JSON.stringify({ format: formatVersion, checksum: unset, ...fields }, null, 2)}\n`;
  const checksum = hash("sha256", text);
  const commit: Commit = { format: formatVersion, checksum, ...fields };
  return { commit, bytes: Buffer.from(text.replace(unset, checksum)) };
}

/** Reads a commit and checks it against itself. */
export function decodeCommit(bytes: Buffer, id: string): Commit {
  const text = bytes.toString("utf8");
  const value = parse(text, id);
  if (!isRecord(value) || typeof value["format"] !== "number") throw misread(id);
  if (value["format"] > formatVersion) {
    throw damaged(`Snapshot ${id} was written by a newer studio, in format ${value["format"]}.`);
  }
  const checksum = value["checksum"];
  const honest =
    typeof checksum === "string" && hash("sha256", text.replace(checksum, unset)) === checksum;
  // Text that is not valid UTF-8 decodes to replacement characters and so fails the hash.
  if (!honest || !isCommit(value, id)) throw misread(id);
  return value;
}

function parse(text: string, id: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw misread(id);
  }
}

/** The checksum vouches for the shape; what is left to ask is whose commit it is. */
function isCommit(value: Record<string, unknown>, id: string): value is Commit & typeof value {
  return value["id"] === id && isRecord(value["objects"]) && isRecord(value["counts"]);
}

function misread(id: string): Error {
  return damaged(`The COMMIT of snapshot ${id} is damaged.`);
}
