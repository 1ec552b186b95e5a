import { damaged } from "../failures.ts";
import { pathBytes, pathFromBytes } from "./path-text.ts";

/**
 * The members of a segment: regular files of a tar archive, as POSIX.1-1988 (ustar) has them. A
 * name that does not fit is given by a member of type `L` before it, the way of GNU tar, which
 * unlike pax headers (POSIX.1-2001) can hold bytes that are no UTF-8.
 */
export interface TarMember {
  /** As in path-text.ts. */
  path: string;
  /** Bytes of content. */
  size: number;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds since 1970; an archive keeps whole seconds. */
  mtime: number;
}

const blockBytes = 512;
/** The two zero blocks that end an archive. */
export const endBytes = 2 * blockBytes;

const nameBytes = 100;
const largestOctal8 = 0o7777777;
const largestOctal12 = 0o77777777777;
const longName = "././@LongLink";

/** How many zero bytes follow `size` bytes of content. */
export function paddingOf(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/** The most bytes that the headers of a member take. */
export function headerBound(path: string): number {
  return path.length <= nameBytes / 4 ? blockBytes : 3 * blockBytes + path.length * 4;
}

/** Writes the headers of a member into zeroed or old bytes; tells where its content starts. */
export function writeHeader(member: TarMember, into: Buffer, at: number): number {
  // Where tar reads names from a file, one that starts with a dash would be an option.
  const name = pathBytes(member.path.startsWith("-") ? `./${member.path}` : member.path);
  if (name.length <= nameBytes) {
    writeBlock(member, "0", name, member.size, into, at);
    return at + blockBytes;
  }
  writeBlock(
    { ...noAttributes, path: longName },
    "L",
    Buffer.from(longName),
    name.length + 1,
    into,
    at,
  );
  const content = at + blockBytes;
  const next = content + name.length + 1 + paddingOf(name.length + 1);
  into.fill(0, content, next);
  name.copy(into, content);
  writeBlock(member, "0", name.subarray(0, nameBytes), member.size, into, next);
  return next + blockBytes;
}

const sumStart = 148;
const magicStart = 257;
const magic = "ustar  ";
const sumOfMagic = sumOf(Buffer.from(magic, "latin1"), 0, magic.length);
const noAttributes = { size: 0, mode: 0o644, uid: 0, gid: 0, mtime: 0 };

function writeBlock(
  member: TarMember,
  flag: string,
  name: Buffer,
  size: number,
  into: Buffer,
  at: number,
): void {
  into.fill(0, at, at + blockBytes);
  name.copy(into, at);
  const fields = [
    octal(member.mode & 0o7777, 7),
    octal(clamp(member.uid, largestOctal8), 7),
    octal(clamp(member.gid, largestOctal8), 7),
    octal(clamp(size, largestOctal12), 11),
    octal(clamp(Math.floor(member.mtime / 1000), largestOctal12), 11),
    `        ${flag}`,
  ].join("\0");
  into.write(fields, at + nameBytes, "latin1");
  into.write(magic, at + magicStart, "latin1");
  const sum =
    sumOf(into, at, name.length) + sumOf(into, at + nameBytes, fields.length) + sumOfMagic;
  into.write(`${octal(sum, 6)}\u0000 `, at + sumStart, "latin1");
}

/** The sum of the bytes that are not zero anyway: a header has few others. */
function sumOf(bytes: Buffer, start: number, length: number): number {
  let sum = 0;
  for (let at = start; at < start + length; at += 1) sum += bytes[at] ?? 0;
  return sum;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

function clamp(value: number, largest: number): number {
  return Math.max(0, Math.min(value, largest));
}

export interface ReadMember {
  path: string;
  /** A view of the archive, not a copy. */
  content: Buffer;
}

/** The members of a whole archive. It knows nothing of a manifest, so the two can be compared. */
export function* readMembers(archive: Buffer): Generator<ReadMember> {
  let at = 0;
  let long: string | null = null;
  for (;;) {
    const header = archive.subarray(at, at + blockBytes);
    if (header.length < blockBytes) throw damaged("An archive has no end.");
    if (header.every((byte) => byte === 0)) return checkEnd(archive, at);
    checkSum(header);
    const size = octalAt(header, 124, 12);
    const start = at + blockBytes;
    if (start + size > archive.length) throw damaged("An archive ends in the middle of a member.");
    const content = archive.subarray(start, start + size);
    at = start + size + paddingOf(size);
    const flag = header.toString("latin1", 156, 157);
    if (flag === "L") {
      long = pathFromBytes(content.subarray(0, -1));
    } else if (flag === "0") {
      yield { path: (long ?? nameOf(header)).replace(/^\.\/-/, "-"), content };
      long = null;
    } else {
      throw damaged(`An archive holds a member of the unknown type ${JSON.stringify(flag)}.`);
    }
  }
}

function checkEnd(archive: Buffer, at: number): void {
  const end = archive.subarray(at);
  if (end.length === endBytes && end.every((byte) => byte === 0)) return;
  throw damaged("An archive goes on after its end.");
}

function checkSum(header: Buffer): void {
  let sum = 0;
  for (let index = 0; index < blockBytes; index += 1) {
    sum += index >= 148 && index < 156 ? 32 : (header[index] ?? 0);
  }
  if (sum !== octalAt(header, 148, 8)) throw damaged("An archive holds a header that is damaged.");
}

function nameOf(header: Buffer): string {
  const end = header.indexOf(0);
  return pathFromBytes(header.subarray(0, Math.min(end < 0 ? nameBytes : end, nameBytes)));
}

function octalAt(header: Buffer, start: number, length: number): number {
  const text = header.toString("latin1", start, start + length).replace(/[\0 ]+$/, "");
  if (!/^[0-7]+$/.test(text)) throw damaged("An archive holds a header that is damaged.");
  return Number.parseInt(text, 8);
}
