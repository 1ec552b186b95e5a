import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { once } from "node:events";
import { dirname, isAbsolute, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadEntry } from "tar";
import { StudioError, reasonOf } from "../../errors.ts";
import { pullError, tooLarge } from "./pull-error.ts";

/** More members than any model has. */
const mostMembers = 10_000;

const plainTypes = ["File", "OldFile", "ContiguousFile"];

/**
 * Unpacks a tar archive, compressed with gzip or not, into an empty folder.
 * @returns the folder in it that holds the model: the members may lie below folders of their own
 * @throws StudioError `pull.unsafe` for links, devices and paths that lead out; `pull.size`;
 * `pull.source` for a broken archive
 */
export async function stageArchive(
  file: string,
  to: string,
  maximumBytes: number,
): Promise<string> {
  const { Parser } = await import("tar");
  const unpacking = new Unpacking(to, file, maximumBytes);
  const parser = new Parser({ strict: true, onReadEntry: (entry) => unpacking.take(entry) });
  const ended = once(parser, "end");
  ended.catch(() => undefined);
  try {
    for await (const chunk of createReadStream(file)) {
      unpacking.check();
      if (!parser.write(chunk as Buffer)) await Promise.race([once(parser, "drain"), ended]);
    }
    parser.end();
    await ended;
    await unpacking.done();
  } catch (error) {
    unpacking.check();
    if (error instanceof StudioError) throw error;
    throw pullError("pull.source", `The archive ${file} is broken: ${reasonOf(error)}.`);
  }
  return await descend(to);
}

class Unpacking {
  private readonly writing: Promise<void>[] = [];
  private readonly to: string;
  private readonly archive: string;
  private readonly maximumBytes: number;
  private bytes = 0;
  private members = 0;
  private failure: unknown = null;

  constructor(to: string, archive: string, maximumBytes: number) {
    this.to = to;
    this.archive = archive;
    this.maximumBytes = maximumBytes;
  }

  take(entry: ReadEntry): void {
    try {
      this.admit(entry);
    } catch (error) {
      this.failure ??= error;
    }
    if (this.failure !== null || entry.type === "Directory") {
      entry.resume();
      return;
    }
    const written = this.write(entry).catch((error: unknown) => {
      this.failure ??= error;
      entry.resume();
    });
    this.writing.push(written);
  }

  check(): void {
    if (this.failure !== null) throw this.failure;
  }

  async done(): Promise<void> {
    await Promise.all(this.writing);
    this.check();
  }

  private admit({ path, type, size }: ReadEntry): void {
    const parts = path.split("/");
    if (isAbsolute(path) || parts.includes("..") || path.includes("\0") || path.includes("\\")) {
      throw this.unsafe(path, "leads out of the folder");
    }
    if (type !== "Directory" && !plainTypes.includes(type)) {
      throw this.unsafe(path, `is neither file nor folder but ${type}`);
    }
    this.bytes += size;
    this.members++;
    if (this.bytes > this.maximumBytes)
      throw tooLarge(`What ${this.archive} holds`, this.maximumBytes);
    if (this.members > mostMembers) throw this.unsafe(path, `is member ${mostMembers + 1} of it`);
  }

  private async write(entry: ReadEntry): Promise<void> {
    const target = join(this.to, entry.path);
    await mkdir(dirname(target), { recursive: true });
    await pipeline(entry as unknown as Readable, createWriteStream(target, { flags: "wx" }));
  }

  private unsafe(path: string, reason: string): StudioError {
    return pullError("pull.unsafe", `The archive ${this.archive} is refused: "${path}" ${reason}.`);
  }
}

/** Follows folders that hold nothing but one other folder. */
async function descend(folder: string): Promise<string> {
  for (let at = folder; ; ) {
    const entries = await readdir(at, { withFileTypes: true });
    const [only] = entries;
    const alone = entries.length === 1 && only?.isDirectory() === true && only.name !== "onnx";
    if (!alone) return at;
    at = join(at, only.name);
  }
}
