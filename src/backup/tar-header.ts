/** What a tar header says about a member. */
export interface TarMember {
  type: "file" | "directory" | "symlink";
  /** Relative, slash-separated, without a slash at the end. */
  path: string;
  /** Bytes of content; 0 for anything but a file. */
  size: number;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds since 1970. */
  mtime: number;
  /** Where a symbolic link points; empty otherwise. */
  target: string;
}

export const blockBytes = 512;

const typeFlags = { file: "0", directory: "5", symlink: "2" } as const;
const largestOctal8 = 0o7777777;
const largestOctal12 = 0o77777777777;

/**
 * The header blocks of a member: a ustar header (POSIX.1-1988), preceded by a pax extended header
 * (POSIX.1-2001) for what ustar cannot hold: long or non-ASCII names, 8 GiB and more, large ids.
 */
export function encodeTarHeader(member: TarMember): Buffer {
  const name = member.type === "directory" ? `${member.path}/` : member.path;
  const seconds = Math.floor(member.mtime / 1000);
  const records: [string, string][] = [];
  if (!fits(name)) records.push(["path", name]);
  if (!fits(member.target)) records.push(["linkpath", member.target]);
  if (member.size > largestOctal12) records.push(["size", String(member.size)]);
  if (member.uid > largestOctal8) records.push(["uid", String(member.uid)]);
  if (member.gid > largestOctal8) records.push(["gid", String(member.gid)]);
  if (seconds < 0 || seconds > largestOctal12) records.push(["mtime", String(seconds)]);
  const header = block(member, typeFlags[member.type], name, member.size);
  return records.length === 0 ? header : Buffer.concat([...extendedHeader(records), header]);
}

/** How many zero bytes follow `size` bytes of content. */
export function paddingOf(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/** The two zero blocks that end an archive. */
export const endOfArchive = Buffer.alloc(2 * blockBytes);

function fits(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return text.length <= 100 && /^[\x20-\x7e]*$/.test(text);
}

function extendedHeader(records: [string, string][]): Buffer[] {
  const content = Buffer.concat(records.map(([key, value]) => paxRecord(key, value)));
  const member = { mode: 0o644, uid: 0, gid: 0, mtime: 0, target: "" };
  const header = block(member, "x", "PaxHeader", content.length);
  return [header, content, Buffer.alloc(paddingOf(content.length))];
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) {
    length = String(length).length + rest.length;
  }
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

type Attributes = Pick<TarMember, "mode" | "uid" | "gid" | "mtime" | "target">;

function block(attributes: Attributes, flag: string, name: string, size: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  // A name that does not fit is in the extended header; its start here is for very old readers.
  header.write(name, 0, 100, "utf8");
  header.write(octal(attributes.mode & 0o7777, 7), 100);
  header.write(octal(clamp(attributes.uid, largestOctal8), 7), 108);
  header.write(octal(clamp(attributes.gid, largestOctal8), 7), 116);
  header.write(octal(clamp(size, largestOctal12), 11), 124);
  header.write(octal(clamp(Math.floor(attributes.mtime / 1000), largestOctal12), 11), 136);
  header.write("        ", 148);
  header.write(flag, 156);
  header.write(attributes.target, 157, 100, "utf8");
  header.write("ustar\u000000", 257);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${octal(sum, 6)}\u0000 `, 148);
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

function clamp(value: number, largest: number): number {
  return Math.max(0, Math.min(value, largest));
}
