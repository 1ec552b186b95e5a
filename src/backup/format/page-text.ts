import type { Attributes, Entry, FileEntry } from "./entry.ts";
import type { ObjectKind, ObjectName } from "./object.ts";
import { escapePath } from "./path-text.ts";
import { TextBytes } from "./text-bytes.ts";

export interface EncodedPage {
  /** UTF-8, in memory of its own. */
  text: Buffer;
  objects: ObjectName[];
}

/** What most entries are: a file that is a member of a segment by its own path, and nothing more. */
export interface PlainFile extends Attributes {
  size: number;
  sha256: string;
  /** The segment. */
  object: string;
}

/**
 * A page is a run of entries as text, one to a line, fields separated by tabs, so that awk reads it
 * as well as studio does:
 *
 *     o <sha256> <kind>                                    an object, numbered from 0 in this page
 *     d <mode> <uid> <gid> <mtime> <path>                  a folder; `p` if it only leads somewhere
 *     f <mode> <uid> <gid> <mtime> <path> <size> <sha256> <place> [<member>]      `s` if sparse
 *     l <mode> <uid> <gid> <mtime> <path> <target>         a symbolic link; `h` a hard link
 *     x <name> <base64>                                    an extended attribute of the entry above
 *
 * Modes are octal, times are seconds since 1970 with up to six decimals, paths are escaped as in
 * path-text.ts. A place is `-` (empty), `m<object>` (the tar member of that name, by default the
 * path; `m<object>!` where mode, owner or time have changed since) or `c<object>,<object>-<object>`
 * (the contents of those objects, one after the other).
 */
export class PageText {
  readonly #numbers = new Map<string, number>();
  readonly #objects: ObjectName[] = [];
  readonly #lines = new TextBytes();

  add(entry: Entry): void {
    this.#lines.add(this.#line(entry));
    if (entry.xattrs === undefined) return;
    for (const [name, value] of Object.entries(entry.xattrs)) {
      this.#lines.add(`x\t${escapePath(name)}\t${value}\n`);
    }
  }

  /** The same without an `Entry`, which takes as long to make as to write. */
  addPlain(file: PlainFile): void {
    const number = this.#numberOf(file.object, "segment");
    this.#lines.add(`f\t${encodeHead(file)}\t${file.size}\t${file.sha256}\tm${number}\n`);
  }

  end(): EncodedPage {
    const heads = this.#objects.map(({ sha256, kind }) => `o\t${sha256}\t${kind}\n`);
    return { text: this.#lines.after(heads.join("")), objects: this.#objects };
  }

  #line(entry: Entry): string {
    const head = encodeHead(entry);
    switch (entry.type) {
      case "directory":
        return `${entry.parent ? "p" : "d"}\t${head}\n`;
      case "symlink":
        return `l\t${head}\t${escapePath(entry.target)}\n`;
      case "link":
        return `h\t${head}\t${escapePath(entry.target)}\n`;
      case "file": {
        const letter = entry.sparse === true ? "s" : "f";
        return `${letter}\t${head}\t${entry.size}\t${entry.sha256}\t${this.#place(entry)}\n`;
      }
    }
  }

  #place({ place, path }: FileEntry): string {
    if (place === null) return "-";
    if (place.kind === "chunks") {
      return `c${encodeNumbers(place.objects.map((sha256) => this.#numberOf(sha256, "chunk")))}`;
    }
    const number = `m${this.#numberOf(place.object, "segment")}${place.stale ? "!" : ""}`;
    return place.member === path ? number : `${number}\t${escapePath(place.member)}`;
  }

  #numberOf(sha256: string, kind: ObjectKind): number {
    const known = this.#numbers.get(sha256);
    if (known !== undefined) return known;
    this.#numbers.set(sha256, this.#objects.length);
    return this.#objects.push({ sha256, kind }) - 1;
  }
}

function encodeHead({ mode, uid, gid, mtime, path }: Attributes): string {
  return `${mode.toString(8)}\t${uid}\t${gid}\t${encodeTime(mtime)}\t${escapePath(path)}`;
}

/** `[3, 4, 5, 9]` as `3-5,9`. */
function encodeNumbers(numbers: readonly number[]): string {
  let text = "";
  for (let at = 0; at < numbers.length; at += 1) {
    const first = at;
    while (at + 1 < numbers.length && numbers[at + 1] === (numbers[at] ?? 0) + 1) at += 1;
    if (text !== "") text += ",";
    text += at === first ? `${numbers[first]}` : `${numbers[first]}-${numbers[at]}`;
  }
  return text;
}

function encodeTime(milliseconds: number): string {
  const micro = Math.round(milliseconds * 1000);
  const sign = micro < 0 ? "-" : "";
  const seconds = `${sign}${Math.trunc(Math.abs(micro) / 1_000_000)}`;
  const rest = Math.abs(micro) % 1_000_000;
  if (rest === 0) return seconds;
  // The leading one stands for the zeros that may follow the point.
  let end = 7;
  for (let left = rest; left % 10 === 0; left /= 10) end -= 1;
  return `${seconds}.${String(1_000_000 + rest).slice(1, end)}`;
}
