import { damaged } from "./failures.ts";
import { isRecord } from "./json-record.ts";
import { compressFrame, decodeFrames, frameBytes } from "./zstd.ts";

interface Placed {
  /** Relative to the folder that was backed up; slash-separated. */
  path: string;
  /** The archive that holds the member, an object of the snapshot. */
  segment: string;
  /** Where the content starts in the uncompressed archive, in bytes. */
  offset: number;
}

interface Attributes {
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds since 1970, with fractions. */
  mtime: number;
}

export interface FileEntry extends Placed, Attributes {
  type: "file";
  size: number;
  /** SHA-256 of the content, hexadecimal. */
  sha256: string;
  /** Present when the content is the copy of a database. */
  database?: DatabaseFacts;
}

export interface DirectoryEntry extends Placed, Attributes {
  type: "directory";
  /** The folder is only here because it leads to what was asked for. */
  parent?: true;
}

export interface SymlinkEntry extends Placed, Attributes {
  type: "symlink";
  target: string;
}

/** A file that shrank or failed while it was read: in the archive, but never restored. */
export interface TornEntry extends Placed {
  type: "torn";
  size: number;
}

export interface DatabaseFacts {
  label: string;
  dialect: "sqlite";
  /** Rows of each table; null for one that could not be counted. */
  tables: Record<string, number | null>;
}

export type ManifestEntry = FileEntry | DirectoryEntry | SymlinkEntry | TornEntry;

/** One archive: frames that hold `frameBytes` bytes each, the last one fewer. */
export interface SegmentLine {
  type: "segment";
  name: string;
  frameBytes: number;
  /** Uncompressed length in bytes. */
  bytes: number;
  /** Compressed length of each frame in bytes: where a member starts can be computed. */
  frames: number[];
}

export interface Manifest {
  /** In the order of the archives. */
  entries: ManifestEntry[];
  segments: Map<string, SegmentLine>;
}

/** Collects the lines of a manifest as compressed frames, so that it never stands whole in memory. */
export class ManifestWriter {
  readonly #frames: Buffer[] = [];
  #lines: string[] = [];
  #length = 0;

  add(line: ManifestEntry | SegmentLine): void {
    const text = `${JSON.stringify(line)}\n`;
    this.#lines.push(text);
    this.#length += text.length;
    if (this.#length >= frameBytes) this.#flush();
  }

  /** The whole manifest, compressed. */
  finish(): Buffer {
    this.#flush();
    return Buffer.concat(this.#frames);
  }

  #flush(): void {
    if (this.#lines.length === 0 && this.#frames.length > 0) return;
    this.#frames.push(compressFrame(Buffer.from(this.#lines.join("")), 3));
    this.#lines = [];
    this.#length = 0;
  }
}

/** Reads a compressed manifest whose SHA-256 the caller has checked. */
export async function parseManifest(stored: Buffer): Promise<Manifest> {
  const manifest: Manifest = { entries: [], segments: new Map() };
  let rest = "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const frame of decodeFrames(once(stored))) {
    const lines = (rest + decoder.decode(frame, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) addLine(manifest, line);
  }
  if (rest !== "") throw damaged("The manifest ends in the middle of a line.");
  return manifest;
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function addLine(manifest: Manifest, text: string): void {
  const line: unknown = JSON.parse(text);
  if (isSegment(line)) manifest.segments.set(line.name, line);
  else if (isEntry(line)) manifest.entries.push(line);
  else throw damaged(`The manifest holds a line that is not understood: ${text.slice(0, 200)}`);
}

function isSegment(line: unknown): line is SegmentLine {
  return isRecord(line) && line["type"] === "segment" && Array.isArray(line["frames"]);
}

function isEntry(line: unknown): line is ManifestEntry {
  if (!isRecord(line) || typeof line["path"] !== "string") return false;
  if (typeof line["segment"] !== "string" || typeof line["offset"] !== "number") return false;
  switch (line["type"]) {
    case "file":
      return typeof line["sha256"] === "string" && typeof line["size"] === "number";
    case "symlink":
      return typeof line["target"] === "string";
    default:
      return line["type"] === "directory" || line["type"] === "torn";
  }
}
