import { Header } from "tar";
import { pathFromBytes } from "../format/path-text.ts";
import { paddingOf } from "../format/tar-member.ts";
import { isKept } from "../attributes/dump.ts";
import type { ByteReader } from "./byte-reader.ts";
import { type PaxRecords, countOf, parsePaxRecords, valueOf } from "./pax-records.ts";
import { brokenArchive, unsafeMember } from "./refusals.ts";
import { type SparseMap, isPaxSparse, readOldSparse, readPaxSparse } from "./sparse.ts";

/** A member of an archive, as the archive has it: nothing of it is to be trusted yet. */
export interface ForeignMember {
  type: "file" | "directory" | "symlink" | "link";
  /** As in path-text.ts; likewise `target`. */
  name: string;
  /** Of a symbolic or hard link; empty for the others. */
  target: string;
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds since 1970. */
  mtime: number;
  /** Bytes of the file, its holes included. */
  size: number;
  /** Bytes of content in the archive. */
  stored: number;
  /** Extended attributes: the value in base64 by name. */
  xattrs: Record<string, string>;
  /** Where they belong; null for a file without holes. */
  holes: SparseMap | null;
}

const blockBytes = 512;
/** Extended headers larger than this are no names and times any more. */
const largestHeader = 8 * 1024 * 1024;
/** The times that file systems can hold, and a little more. */
const latestTime = 2 ** 34 * 1000;

const fileFlags = ["0", "\0", "7"];
const refused: Record<string, string> = {
  "3": "is a device",
  "4": "is a device",
  "6": "is a FIFO",
  M: "goes on from another volume",
  D: "belongs to an incremental archive of GNU tar",
};

/**
 * Reads the members of a tar archive: ustar, pax and GNU's. npm tar decodes the header blocks; names
 * and pax records are read here, because it takes names for UTF-8 and drops a record with a line
 * break in it. The content of a member has to be read before the next one is asked for.
 */
export async function* readArchive(reader: ByteReader): AsyncGenerator<ForeignMember> {
  let pending = new Extensions([]);
  for (;;) {
    const block = await reader.read(blockBytes);
    if (block === null) throw brokenArchive("it has no end; it was cut off");
    if (isZero(block)) return checkEnd(reader);
    const flag = block.toString("latin1", 156, 157);
    const header = decodeHeader(block);
    if ("xXgLKV".includes(flag)) {
      pending = await readExtension(flag, header.size, reader, pending);
      continue;
    }
    yield await memberOf(block, header, pending, reader);
    pending = new Extensions(pending.global);
  }
}

/** What headers of their own say about the member that follows. */
class Extensions {
  readonly global: PaxRecords;
  records: PaxRecords = [];
  name: Buffer | null = null;
  target: Buffer | null = null;

  constructor(global: PaxRecords) {
    this.global = global;
    this.records = global;
  }
}

async function readExtension(
  flag: string,
  size: number,
  reader: ByteReader,
  pending: Extensions,
): Promise<Extensions> {
  if (size > largestHeader) throw brokenArchive("an extended header is impossibly large");
  const padded = size + paddingOf(size);
  const whole = padded === 0 ? Buffer.alloc(0) : await reader.read(padded);
  if (whole === null) throw brokenArchive("it ends in the middle of a header");
  const body = whole.subarray(0, size);
  if (flag === "g") return new Extensions([...pending.global, ...parsePaxRecords(body)]);
  if (flag === "x" || flag === "X") {
    pending.records = [...pending.global, ...parsePaxRecords(body)];
  } else if (flag === "L") pending.name = untilZeros(body);
  else if (flag === "K") pending.target = untilZeros(body);
  return pending;
}

async function memberOf(
  block: Buffer,
  header: DecodedHeader,
  extensions: Extensions,
  reader: ByteReader,
): Promise<ForeignMember> {
  const { records } = extensions;
  const sparseName = valueOf(records, "GNU.sparse.name");
  const raw = sparseName ?? valueOf(records, "path") ?? extensions.name ?? nameIn(block);
  const target = valueOf(records, "linkpath") ?? extensions.target ?? field(block, 157, 100);
  const name = pathFromBytes(raw);
  const flag = block.toString("latin1", 156, 157);
  const type = typeOf(flag, name);
  let stored = countOf(records, "size") ?? header.size;
  if (type !== "file" && stored > 0) throw unsafeMember(name, "is no file, and has a content");
  let holes: SparseMap | null = null;
  if (flag === "S") holes = await readOldSparse(block, stored, reader);
  else if (type === "file" && isPaxSparse(records)) {
    const { map, mapBytes } = await readPaxSparse(records, stored, reader);
    holes = map;
    stored -= mapBytes;
  }
  return {
    type,
    name,
    target: type === "file" || type === "directory" ? "" : pathFromBytes(target),
    mode: header.mode & 0o7777,
    uid: ownerOf(records, "uid", header.uid),
    gid: ownerOf(records, "gid", header.gid),
    mtime: timeOf(records, header.mtime),
    size: holes?.size ?? stored,
    stored,
    xattrs: attributesIn(records),
    holes,
  };
}

/** Extended attributes in the way of GNU tar and bsdtar, as far as they belong to a file. */
function attributesIn(records: PaxRecords): Record<string, string> {
  const found: [string, string][] = [];
  for (const [key, value] of records) {
    const [, text] = /^SCHILY\.xattr\.(.+)$/s.exec(key) ?? [];
    if (text === undefined) continue;
    const name = Buffer.from(text, "latin1").toString("utf8");
    if (isKept(name)) found.push([name, value.toString("base64")]);
  }
  return Object.fromEntries(found);
}

function typeOf(flag: string, name: string): ForeignMember["type"] {
  if (flag === "1") return "link";
  if (flag === "2") return "symlink";
  // Before POSIX a folder was a file whose name ends with a slash.
  if (flag === "5" || (fileFlags.includes(flag) && name.endsWith("/"))) return "directory";
  if (fileFlags.includes(flag) || flag === "S") return "file";
  throw unsafeMember(name, refused[flag] ?? `is of the unknown type ${JSON.stringify(flag)}`);
}

interface DecodedHeader {
  size: number;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
}

function decodeHeader(block: Buffer): DecodedHeader {
  if (!isSumRight(block)) throw brokenArchive("the checksum of a header is wrong");
  // npm tar takes the size of a folder for 0, whatever stands there.
  const copy = Buffer.from(block);
  if (copy[156] === 0x35) copy[156] = 0x30;
  let header: Header;
  try {
    header = new Header(copy, 0);
  } catch {
    throw unsafeMember(pathFromBytes(nameIn(block)), "has an impossible size, owner or time");
  }
  const { mode = 0, uid = 0, gid = 0, size, mtime } = header;
  if (size === undefined) {
    throw unsafeMember(pathFromBytes(nameIn(block)), "has an impossible size");
  }
  return { size, mode, uid, gid, mtime: mtime?.getTime() ?? 0 };
}

/** The sum of the bytes of a header, its own field as blanks; some old programs took them signed. */
function isSumRight(block: Buffer): boolean {
  const text = block.toString("latin1", 148, 156).replace(/[\0 ]+$/, "");
  if (!/^ *[0-7]+$/.test(text)) return false;
  const wanted = Number.parseInt(text, 8);
  let [sum, signed] = [0, 0];
  for (let at = 0; at < blockBytes; at += 1) {
    const byte = at >= 148 && at < 156 ? 32 : (block[at] ?? 0);
    sum += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  return wanted === sum || wanted === signed;
}

/** The name in the header itself; of ustar, with the prefix. */
function nameIn(block: Buffer): Buffer {
  const name = field(block, 0, 100);
  // GNU's magic ends with blanks, and has times where ustar has the prefix.
  const prefix = block.toString("latin1", 257, 263) === "ustar\0" ? field(block, 345, 155) : null;
  if (prefix === null || prefix.length === 0) return name;
  return Buffer.concat([prefix, Buffer.from("/"), name]);
}

function field(block: Buffer, start: number, length: number): Buffer {
  const bytes = block.subarray(start, start + length);
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** Without the zeros at the end; those in the middle are for whoever judges the name. */
function untilZeros(body: Buffer): Buffer {
  let end = body.length;
  while (end > 0 && body[end - 1] === 0) end -= 1;
  return body.subarray(0, end);
}

function ownerOf(records: PaxRecords, key: "uid" | "gid", found: number): number {
  const owner = countOf(records, key) ?? found;
  // The largest number means nobody at all to the system.
  if (owner >= 0 && owner < 0xffff_ffff) return owner;
  throw brokenArchive("a header has an impossible owner");
}

/** Milliseconds; a pax record has decimals. */
function timeOf(records: PaxRecords, found: number): number {
  const text = valueOf(records, "mtime")?.toString("latin1");
  const time = text === undefined ? found : milliseconds(text);
  return Math.max(-latestTime, Math.min(time, latestTime));
}

/** Apart from the decimals: as one number they would lose the last ones. */
function milliseconds(text: string): number {
  const [, sign = "", seconds, decimals = ""] = /^(-?)(\d{1,20})(?:\.(\d*))?$/.exec(text) ?? [];
  if (seconds === undefined) throw brokenArchive("a pax header has an impossible time");
  const time = Number(seconds) * 1000 + Number(`0.${decimals}0`) * 1000;
  const micro = Math.round(time * 1000);
  return (sign === "" ? micro : -micro) / 1000;
}

async function checkEnd(reader: ByteReader): Promise<void> {
  // One block of zeros alone is how a broken program ends; anything after the end is not read by tar.
  for await (const piece of reader.rest()) {
    if (!isZero(piece)) throw brokenArchive("it goes on after its end");
  }
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}
