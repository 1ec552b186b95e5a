import { paddingOf } from "../format/tar-member.ts";
import { pathBytes } from "../format/path-text.ts";

/**
 * The headers of members of an archive for other programs: POSIX.1-2001 (pax), which keeps times to
 * the microsecond, long names and large sizes, as far as a plain ustar header does not. A name that
 * is no UTF-8 may not stand in a pax header; a long one is given the way of GNU tar instead.
 */
export interface TarHeader {
  type: "file" | "directory" | "symlink" | "link";
  /** As in path-text.ts; likewise `target`. */
  path: string;
  /** Of a symbolic or hard link. */
  target: string | null;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds since 1970. */
  mtime: number;
  /** Bytes of content. */
  size: number;
  /** Extended attributes: the value in base64 by name. */
  xattrs?: Record<string, string> | undefined;
}

const blockBytes = 512;
const nameBytes = 100;
const prefixBytes = 155;
const largestOctal8 = 0o7777777;
const largestOctal12 = 0o77777777777;

const flags = { file: "0", link: "1", symlink: "2", directory: "5" };

/** The two zero blocks that end an archive. */
export const archiveEnd = Buffer.alloc(2 * blockBytes);

/** All blocks that stand before the content of a member. */
export function encodeTarHeader(header: TarHeader): Buffer {
  const records: [string, string | Buffer][] = [];
  const before: Buffer[] = [];
  const name = pathBytes(header.type === "directory" ? `${header.path}/` : header.path);
  const place = placeName(name);
  if (needsRecord(name, place !== null)) before.push(...longName("L", "path", name, records));
  const target = header.target === null ? Buffer.alloc(0) : pathBytes(header.target);
  if (needsRecord(target, target.length <= nameBytes)) {
    before.push(...longName("K", "linkpath", target, records));
  }
  const micro = Math.round(header.mtime * 1000);
  const seconds = Math.floor(micro / 1_000_000);
  if (micro % 1_000_000 !== 0 || seconds < 0 || seconds > largestOctal12) {
    records.push(["mtime", decimalSeconds(micro)]);
  }
  for (const key of ["uid", "gid"] as const) {
    if (header[key] > largestOctal8) records.push([key, String(header[key])]);
  }
  if (header.size > largestOctal12) records.push(["size", String(header.size)]);
  for (const [name, value] of Object.entries(header.xattrs ?? {})) {
    // As GNU tar and bsdtar have them; a name with "=" would be taken for a shorter one.
    if (!name.includes("=")) {
      records.push([`SCHILY.xattr.${name}`, Buffer.from(value, "base64")]);
    }
  }
  if (records.length > 0) before.push(...extendedHeader(records));
  const { name: short, prefix } = place ?? { name: name.subarray(0, nameBytes), prefix: null };
  before.push(writeBlock({ ...header, flag: flags[header.type], name: short, prefix, target }));
  return Buffer.concat(before);
}

/** The name and the prefix of a ustar header, or null where the name does not fit. */
function placeName(name: Buffer): { name: Buffer; prefix: Buffer | null } | null {
  if (name.length <= nameBytes) return { name, prefix: null };
  const slash = name.indexOf("/", name.length - nameBytes - 1);
  if (slash <= 0 || slash > prefixBytes || slash === name.length - 1) return null;
  return { name: name.subarray(slash + 1), prefix: name.subarray(0, slash) };
}

function needsRecord(name: Buffer, fits: boolean): boolean {
  return !fits || (isText(name) && name.some((byte) => byte >= 0x80));
}

function isText(name: Buffer): boolean {
  return Buffer.from(name.toString("utf8")).equals(name);
}

/** A pax record where the name is text, and a member of GNU tar's before it where it is not. */
function longName(
  flag: "L" | "K",
  key: string,
  name: Buffer,
  records: [string, string | Buffer][],
): Buffer[] {
  if (isText(name)) {
    records.push([key, name]);
    return [];
  }
  return memberOf(flag, "././@LongLink", Buffer.concat([name, Buffer.alloc(1)]));
}

function extendedHeader(records: readonly [string, string | Buffer][]): Buffer[] {
  const body = Buffer.concat(records.map(([key, value]) => encodeRecord(key, value)));
  return memberOf("x", "././@PaxHeader", body);
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function encodeRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from("\n")]);
  let length = rest.length;
  while (length !== rest.length + String(length).length) {
    length = rest.length + String(length).length;
  }
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function decimalSeconds(micro: number): string {
  const digits = String(Math.abs(micro)).padStart(7, "0");
  const decimals = digits.slice(-6).replace(/0+$/, "");
  const sign = micro < 0 ? "-" : "";
  return `${sign}${digits.slice(0, -6)}${decimals === "" ? "" : `.${decimals}`}`;
}

const plain = { mode: 0o644, uid: 0, gid: 0, mtime: 0, prefix: null, target: Buffer.alloc(0) };

function memberOf(flag: string, name: string, body: Buffer): Buffer[] {
  const block = writeBlock({ ...plain, flag, name: Buffer.from(name), size: body.length });
  return [block, body, Buffer.alloc(paddingOf(body.length))];
}

interface BlockFields extends Pick<TarHeader, "mode" | "uid" | "gid" | "mtime" | "size"> {
  flag: string;
  name: Buffer;
  prefix: Buffer | null;
  target: Buffer;
}

function writeBlock(fields: BlockFields): Buffer {
  const block = Buffer.alloc(blockBytes);
  fields.name.copy(block);
  block.write(octal(fields.mode, 7), 100, "latin1");
  block.write(octal(fits(fields.uid, largestOctal8), 7), 108, "latin1");
  block.write(octal(fits(fields.gid, largestOctal8), 7), 116, "latin1");
  block.write(octal(fits(fields.size, largestOctal12), 11), 124, "latin1");
  block.write(octal(fits(Math.floor(fields.mtime / 1000), largestOctal12), 11), 136, "latin1");
  block.write("        ", 148, "latin1");
  block.write(fields.flag, 156, "latin1");
  fields.target.copy(block, 157, 0, nameBytes);
  block.write("ustar\u000000", 257, "latin1");
  fields.prefix?.copy(block, 345);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${octal(sum, 6)}\u0000 `, 148, "latin1");
  return block;
}

/** What does not fit is in the extended header before. */
function fits(value: number, largest: number): number {
  return value < 0 || value > largest ? 0 : value;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
