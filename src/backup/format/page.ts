import { damaged } from "../failures.ts";
import type { Attributes, ChunksPlace, Entry, FileEntry, MemberPlace } from "./entry.ts";
import type { ObjectKind, ObjectName } from "./object.ts";
import { escapePath, unescapePath } from "./path-text.ts";

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
export function encodePage(entries: Iterable<Entry>): { text: string; objects: ObjectName[] } {
  const numbers = new Map<string, number>();
  const objects: ObjectName[] = [];
  const numberOf = (sha256: string, kind: ObjectKind): number => {
    const known = numbers.get(sha256);
    if (known !== undefined) return known;
    numbers.set(sha256, objects.length);
    return objects.push({ sha256, kind }) - 1;
  };
  let lines = "";
  for (const entry of entries) {
    lines += encodeEntry(entry, numberOf);
    for (const [name, value] of Object.entries(entry.xattrs ?? {})) {
      lines += `x\t${escapePath(name)}\t${value}\n`;
    }
  }
  const heads = objects.map(({ sha256, kind }) => `o\t${sha256}\t${kind}\n`);
  return { text: heads.join("") + lines, objects };
}

type Numbering = (sha256: string, kind: ObjectKind) => number;

function encodeEntry(entry: Entry, numberOf: Numbering): string {
  const { mode, uid, gid, path } = entry;
  const head = `${mode.toString(8)}\t${uid}\t${gid}\t${encodeTime(entry.mtime)}\t${escapePath(path)}`;
  switch (entry.type) {
    case "directory":
      return `${entry.parent ? "p" : "d"}\t${head}\n`;
    case "symlink":
      return `l\t${head}\t${escapePath(entry.target)}\n`;
    case "link":
      return `h\t${head}\t${escapePath(entry.target)}\n`;
    case "file": {
      const letter = entry.sparse === true ? "s" : "f";
      return `${letter}\t${head}\t${entry.size}\t${entry.sha256}\t${encodePlace(entry, numberOf)}\n`;
    }
  }
}

function encodePlace({ place, path }: FileEntry, numberOf: Numbering): string {
  if (place === null) return "-";
  if (place.kind === "chunks") {
    return `c${encodeNumbers(place.objects.map((sha256) => numberOf(sha256, "chunk")))}`;
  }
  const number = `m${numberOf(place.object, "segment")}${place.stale ? "!" : ""}`;
  return place.member === path ? number : `${number}\t${escapePath(place.member)}`;
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

export interface Page {
  /** In the order in which they are first needed. */
  objects: ObjectName[];
  entries: Entry[];
}

/** Reads a page strictly: a line that `encodePage` would not write is damage. */
export function decodePage(text: string): Page {
  const page: Page = { objects: [], entries: [] };
  if (!text.endsWith("\n") && text !== "") throw damaged("A page ends in the middle of a line.");
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    decodeLine(text.slice(start, end), page);
    start = end + 1;
  }
  return page;
}

function decodeLine(line: string, page: Page): void {
  const fields = line.split("\t");
  const letter = fields[0];
  if (letter === "o") {
    const [, sha256 = "", kind] = fields;
    if (fields.length !== 3 || !isHash(sha256) || !isContentKind(kind)) throw misread(line);
    page.objects.push({ kind, sha256 });
    return;
  }
  if (letter === "x") return decodeXattr(fields, page, line);
  const attributes = decodeAttributes(fields, line);
  switch (letter ?? "") {
    case "d":
    case "p":
      if (fields.length !== 6) throw misread(line);
      page.entries.push({ type: "directory", parent: letter === "p", ...attributes });
      return;
    case "l":
    case "h": {
      const target = unescapePath(fields[6] ?? "");
      if (fields.length !== 7 || target === null) throw misread(line);
      page.entries.push({ type: letter === "l" ? "symlink" : "link", target, ...attributes });
      return;
    }
    case "f":
    case "s":
      page.entries.push(decodeFile(fields, attributes, page, line));
      return;
    default:
      throw misread(line);
  }
}

function decodeXattr([, name = "", value]: string[], page: Page, line: string): void {
  const entry = page.entries.at(-1);
  const plain = unescapePath(name);
  const base64 = value !== undefined && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
  if (entry === undefined || plain === null || !base64) throw misread(line);
  (entry.xattrs ??= {})[plain] = value;
}

function decodeAttributes(fields: string[], line: string): Attributes {
  const [, mode = "", uid = "", gid = "", time = "", escaped = ""] = fields;
  const path = unescapePath(escaped);
  const numeric = /^[0-7]{1,4}$/.test(mode) && isCount(uid) && isCount(gid);
  if (!numeric || path === null || path === "" || !/^-?\d+(\.\d{1,6})?$/.test(time)) {
    throw misread(line);
  }
  const attributes = { mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid) };
  return { path, ...attributes, mtime: decodeTime(time) };
}

/** Through whole microseconds, so that encoding the result gives the same text. */
function decodeTime(text: string): number {
  const [seconds = "0", decimals = ""] = text.replace("-", "").split(".");
  const micro = Number(seconds) * 1_000_000 + Number(decimals.padEnd(6, "0"));
  return (text.startsWith("-") ? -micro : micro) / 1000;
}

function decodeFile(fields: string[], attributes: Attributes, page: Page, line: string): FileEntry {
  const [letter, , , , , , size = "", sha256 = "", place = "", member] = fields;
  if (fields.length < 9 || fields.length > 10 || !isCount(size) || !isHash(sha256)) {
    throw misread(line);
  }
  const found = decodePlace(place, member ?? null, attributes.path, page.objects);
  if (found === undefined || (found === null) !== (size === "0")) throw misread(line);
  const sparse = letter === "s" ? { sparse: true } : {};
  return { type: "file", ...attributes, size: Number(size), sha256, place: found, ...sparse };
}

/** Undefined for a text that is no place. */
function decodePlace(
  text: string,
  member: string | null,
  path: string,
  objects: readonly ObjectName[],
): MemberPlace | ChunksPlace | null | undefined {
  if (text === "-") return member === null ? null : undefined;
  const [, number, stale] = /^m(\d+)(!?)$/.exec(text) ?? [];
  if (number !== undefined) {
    const object = objects[Number(number)];
    const name = member === null ? path : unescapePath(member);
    if (object?.kind !== "segment" || name === null) return undefined;
    return { kind: "member", object: object.sha256, member: name, stale: stale === "!" };
  }
  if (member !== null || !/^c\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) return undefined;
  const chunks = decodeNumbers(text.slice(1), objects.length).map((one) => objects[one]);
  if (!chunks.every((one) => one?.kind === "chunk")) return undefined;
  return { kind: "chunks", objects: chunks.map((one) => one?.sha256 ?? "") };
}

/** A range that goes beyond the objects becomes a number that none has: no text fills the memory. */
function decodeNumbers(text: string, count: number): number[] {
  return text.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    if (last < first || last >= count) return [-1];
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function isCount(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}

function isContentKind(kind: string | undefined): kind is "segment" | "chunk" {
  return kind === "segment" || kind === "chunk";
}

function misread(line: string): Error {
  return damaged(`A list of files holds a line that is not understood: ${line.slice(0, 120)}`);
}
