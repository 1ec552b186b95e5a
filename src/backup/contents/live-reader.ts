import { reasonOf, systemCode } from "../../errors.ts";
import type { Attributes, Entry, FileEntry } from "../format/entry.ts";
import { hashFile, lookAt, targetOf } from "../restore/compare.ts";
import type { FileMember, Member, SkippedPath } from "../sources/source.ts";
import { sameTime } from "./changes.ts";

export interface LiveReaderOptions {
  /** The folder that the paths of entries are relative to; absolute. */
  directory: string;
  /** Where that is added which cannot be read. */
  skipped: SkippedPath[];
  pace: () => Promise<void>;
}

/** Describes what is in a folder as a snapshot would, and reads as few files as it can. */
export class LiveReader {
  readonly #options: LiveReaderOptions;

  constructor(options: LiveReaderOptions) {
    this.#options = options;
  }

  /**
   * @param known what the snapshot has at the same path
   * @returns a file without its SHA-256 where it has another size than the known one, or there is
   *   none; null for what vanished or cannot be read
   */
  async entryOf(member: Member, known: Entry | undefined): Promise<Entry | null> {
    const { path, mode, uid, gid, mtime } = member;
    const attributes = { path, mode, uid, gid, mtime };
    try {
      if (member.type === "directory") return { type: "directory", parent: false, ...attributes };
      if (member.type === "symlink") {
        return { type: "symlink", target: targetOf(member.file), ...attributes };
      }
      return await this.#fileOf(member, attributes, known);
    } catch (error) {
      this.#skip(path, error);
      return null;
    }
  }

  async #fileOf(
    member: FileMember,
    attributes: Attributes,
    known: Entry | undefined,
  ): Promise<Entry> {
    const { size, mtime, file } = member;
    if (known?.type === "link" && this.#isSameFile(member, known.target)) {
      return { type: "link", target: known.target, ...attributes };
    }
    let sha256 = "";
    if (known?.type === "file" && known.size === size) {
      const { pace } = this.#options;
      sha256 = sameTime(known.mtime, mtime) ? known.sha256 : await hashFile(file, size, pace);
    }
    return { type: "file", size, sha256, place: null, ...attributes };
  }

  #isSameFile({ inode, device }: FileMember, target: string): boolean {
    const other = lookAt(`${this.#options.directory}/${target}`);
    return other !== null && other.ino === inode && other.dev === device;
  }

  /** Reads a file that was described without its SHA-256, to fill that in. */
  async learnContent(entry: FileEntry): Promise<void> {
    const { directory, pace } = this.#options;
    try {
      entry.sha256 = await hashFile(`${directory}/${entry.path}`, entry.size, pace);
    } catch (error) {
      this.#skip(entry.path, error);
    }
  }

  #skip(path: string, error: unknown): void {
    const code = systemCode(error);
    if (code === undefined) throw error;
    if (code !== "ENOENT") this.#options.skipped.push({ path, reason: reasonOf(error) });
  }
}
