import {
  closeSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { pathBytes, systemPath } from "../format/path-text.ts";
import { paddingOf } from "../format/tar-member.ts";
import { createPace } from "../pace.ts";
import type { Member } from "../sources/source.ts";
import { memberOf } from "../sources/stat-member.ts";
import { ByteReader } from "./byte-reader.ts";
import { Limits } from "./limits.ts";
import { memberPath } from "./member-path.ts";
import type { OpenArchive } from "./open-archive.ts";
import { type ForeignMember, readArchive } from "./read-archive.ts";
import { unsafeMember } from "./refusals.ts";
import { systemTime } from "../system-time.ts";

export interface UnpackOptions {
  archive: OpenArchive;
  /** An empty folder. */
  scratch: string;
  /** Bytes that the archive may hold; null: what is likely for its size. */
  maxBytes: number | null;
  now: Date;
  signal?: AbortSignal | undefined;
  onProgress?: ((members: number, bytes: number) => void) | undefined;
}

/** What became of a member: its attributes, and the number of the file that has its content. */
interface Unpacked {
  member: Pick<ForeignMember, "type" | "mode" | "uid" | "gid" | "mtime" | "xattrs">;
  number: number | null;
}

/**
 * Unpacks an archive into files that are named by numbers: no name of the archive ever reaches the
 * file system, so that none can lead anywhere.
 * @returns the members, for a snapshot: by their paths, folders before what they hold
 */
export async function unpackArchive(options: UnpackOptions): Promise<Member[]> {
  const unpacking = new Unpacking(options);
  await unpacking.run();
  return unpacking.members();
}

class Unpacking {
  readonly #options: UnpackOptions;
  readonly #limits: Limits;
  readonly #reader: ByteReader;
  readonly #unpacked = new Map<string, Unpacked>();
  /** Folders that paths lead through. */
  readonly #above = new Set<string>();
  /** How many names each file has. */
  readonly #names: number[] = [];
  #bytes = 0;

  constructor(options: UnpackOptions) {
    const { archive, scratch, maxBytes } = options;
    this.#options = options;
    this.#limits = new Limits(scratch, archive.size, maxBytes);
    this.#reader = new ByteReader(archive.content, (count) => this.#limits.count(count));
  }

  async run(): Promise<void> {
    const { signal, onProgress } = this.#options;
    const pace = createPace(signal);
    try {
      for await (const member of readArchive(this.#reader)) {
        await this.#take(member);
        onProgress?.(this.#unpacked.size, this.#bytes);
        await pace();
      }
    } finally {
      await this.#reader.close();
    }
  }

  async #take(member: ForeignMember): Promise<void> {
    const path = memberPath(member.name);
    if (path === "") {
      if (member.type === "directory") return;
      throw unsafeMember(member.name, "has the name of the folder itself");
    }
    this.#checkPlace(path, member);
    const number = await this.#unpack(member);
    const known = this.#unpacked.get(path);
    if (known === undefined || member.type === "directory") {
      const { type, mode, uid, gid, mtime, xattrs } = member;
      this.#unpacked.set(path, { member: { type, mode, uid, gid, mtime, xattrs }, number });
    }
  }

  #checkPlace(path: string, { name, type }: ForeignMember): void {
    const known = this.#unpacked.get(path);
    const repeats = type === "directory" && (known?.member.type ?? type) === type;
    if ((known !== undefined || this.#above.has(path)) && !repeats) {
      throw unsafeMember(name, "is there twice");
    }
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const folder = path.slice(0, end);
      if ((this.#unpacked.get(folder)?.member.type ?? "directory") !== "directory") {
        throw unsafeMember(name, "lies below a link or a file");
      }
      if (this.#above.has(folder)) return;
      this.#above.add(folder);
      // A name may bring thousands of folders along: each counts like a member.
      this.#limits.count(512);
    }
  }

  async #unpack(member: ForeignMember): Promise<number | null> {
    switch (member.type) {
      case "directory":
        return null;
      case "file":
        return this.#writeFile(member);
      case "symlink":
        return this.#writeSymlink(member);
      case "link":
        return this.#follow(member);
    }
  }

  #newFile(): { number: number; file: string } {
    const number = this.#names.push(1) - 1;
    if (number % 1000 === 0) mkdirSync(this.#folder(number), { mode: 0o700 });
    return { number, file: this.#file(number) };
  }

  #folder(number: number): string {
    return `${this.#options.scratch}/${Math.floor(number / 1000)}`;
  }

  #file(number: number): string {
    return `${this.#folder(number)}/${number}`;
  }

  async #writeFile({ size, stored, holes, mtime }: ForeignMember): Promise<number> {
    await this.#limits.announce(size, stored);
    const { number, file } = this.#newFile();
    const descriptor = openSync(file, "wx", 0o600);
    try {
      for (const { offset, length } of holes?.pieces ?? [{ offset: 0, length: stored }]) {
        let at = offset;
        for await (const piece of this.#reader.stream(length)) {
          writeFully(descriptor, piece, at);
          at += piece.length;
        }
      }
      if (holes !== null) ftruncateSync(descriptor, size);
      futimesSync(descriptor, systemTime(mtime), systemTime(mtime));
    } finally {
      closeSync(descriptor);
    }
    await this.#reader.skip(paddingOf(stored));
    this.#bytes += size;
    return number;
  }

  /** A link with the target is made, for the snapshot to read; nothing follows it. */
  #writeSymlink({ name, target, mtime }: ForeignMember): number {
    const bytes = pathBytes(target);
    if (bytes.length === 0 || bytes.length > 4095 || bytes.includes(0)) {
      throw unsafeMember(name, "is a symbolic link to what no link can point to");
    }
    const { number, file } = this.#newFile();
    symlinkSync(systemPath(target), file);
    lutimesSync(file, systemTime(mtime), systemTime(mtime));
    return number;
  }

  /** The file that a hard link is another name of: one that the archive itself has brought. */
  #follow(member: ForeignMember): number {
    const { name } = member;
    const path = memberPath(member.target, "is a hard link whose target ", name);
    const target = this.#unpacked.get(path);
    if (target === undefined || target.number === null) {
      throw unsafeMember(name, "is a hard link to what the archive did not bring before");
    }
    this.#names[target.number] = (this.#names[target.number] ?? 0) + 1;
    Object.assign(member, target.member);
    return target.number;
  }

  members(): Member[] {
    for (const path of this.#above) {
      if (this.#unpacked.has(path)) continue;
      const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
      const mtime = this.#options.now.getTime();
      const member = { type: "directory" as const, mode: 0o755, ...owner, mtime, xattrs: {} };
      this.#unpacked.set(path, { member, number: null });
    }
    return Array.from(this.#unpacked, ([path, unpacked]) => this.#member(path, unpacked)).sort(
      (one, other) => comparePaths(one.path, other.path),
    );
  }

  #member(path: string, { member, number }: Unpacked): Member {
    const { mode, uid, gid, mtime, xattrs } = member;
    if (number === null) {
      const file = this.#options.scratch;
      const attributes = { path, file, mode, uid, gid, mtime, ctime: 0, inode: 0, xattrs };
      return { type: "directory", parent: false, ...attributes };
    }
    const file = this.#file(number);
    const found = memberOf(path, file, lstatSync(file));
    if (found === null) throw new Error(`${file} is neither a file nor a link.`);
    if (found.type === "file") found.names = this.#names[number] ?? 1;
    return { ...found, mode, uid, gid, xattrs };
  }
}

function writeFully(descriptor: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
  }
}

/** Folder by folder, each before what it holds: the slash comes before any other character. */
function comparePaths(one: string, other: string): number {
  const [a, b] = [one.replaceAll("/", "\0"), other.replaceAll("/", "\0")];
  return a < b ? -1 : a > b ? 1 : 0;
}
