import { damaged } from "../failures.ts";
import type { Attributes, ChunksPlace, Entry, FileEntry, MemberPlace } from "./entry.ts";
import type { ObjectName } from "./object.ts";
import { unescapePath } from "./path-text.ts";

export interface Page {
  /** In the order in which they are first needed. */
  objects: ObjectName[];
  entries: Entry[];
}

/** Reads a page strictly: a line that `PageText` would not write is damage. */
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
