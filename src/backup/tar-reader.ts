import { damaged } from "./failures.ts";
import { blockBytes, paddingOf } from "./tar-header.ts";
import type { TarMember } from "./tar-header.ts";

export interface TarHandler {
  /** @param offset where the content starts in the uncompressed archive, in bytes */
  member(member: TarMember, offset: number): void;
  content(bytes: Buffer): void;
  /** After the last byte of the member announced before. */
  end(): void;
}

const types: Record<string, TarMember["type"]> = {
  "0": "file",
  "\u0000": "file",
  "5": "directory",
  "2": "symlink",
};

/**
 * Reads an uncompressed archive that arrives in pieces, as `tar x` would: ustar and pax headers,
 * checksums verified. It knows nothing of the manifest, so that the two can be compared.
 */
export class TarReader {
  readonly #handler: TarHandler;
  #header = Buffer.alloc(blockBytes);
  #filled = 0;
  #offset = 0;
  #content = 0;
  #padding = 0;
  #extended: Buffer[] | null = null;
  #records = new Map<string, string>();
  #zeroBlocks = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  push(bytes: Buffer): void {
    let start = 0;
    while (start < bytes.length) {
      const used = this.#step(bytes.subarray(start));
      start += used;
      this.#offset += used;
    }
  }

  /** To be called after the last piece: an archive without its end is cut. */
  close(): void {
    if (this.#zeroBlocks < 2 || this.#filled > 0) throw damaged("The archive has no end.");
  }

  #step(bytes: Buffer): number {
    if (this.#content > 0) return this.#takeContent(bytes);
    if (this.#padding > 0) {
      const used = Math.min(this.#padding, bytes.length);
      this.#padding -= used;
      return used;
    }
    const used = Math.min(blockBytes - this.#filled, bytes.length);
    bytes.copy(this.#header, this.#filled, 0, used);
    this.#filled += used;
    if (this.#filled === blockBytes) {
      this.#filled = 0;
      this.#takeHeader(this.#offset + used);
    }
    return used;
  }

  #takeContent(bytes: Buffer): number {
    const used = Math.min(this.#content, bytes.length);
    const piece = bytes.subarray(0, used);
    if (this.#extended === null) this.#handler.content(piece);
    else this.#extended.push(Buffer.from(piece));
    this.#content -= used;
    if (this.#content === 0) this.#endContent();
    return used;
  }

  #endContent(): void {
    if (this.#extended === null) return this.#handler.end();
    this.#records = parsePax(Buffer.concat(this.#extended));
    this.#extended = null;
  }

  #takeHeader(offset: number): void {
    const header = this.#header;
    if (header.every((byte) => byte === 0)) {
      this.#zeroBlocks += 1;
      return;
    }
    if (this.#zeroBlocks > 0) throw damaged("The archive goes on after its end.");
    checkSum(header);
    const flag = header.toString("latin1", 156, 157);
    const size = Number(this.#records.get("size") ?? octalAt(header, 124, 12));
    if (flag === "x") {
      this.#extended = [];
      this.#begin(size);
      return;
    }
    const type = types[flag];
    if (type === undefined)
      throw damaged(`The archive holds a member of the unknown type ${flag}.`);
    const member = memberOf(header, this.#records, type, size);
    this.#records = new Map();
    this.#handler.member(member, offset);
    this.#begin(member.size);
  }

  #begin(size: number): void {
    this.#content = size;
    this.#padding = paddingOf(size);
    if (size === 0) this.#endContent();
  }
}

function memberOf(
  header: Buffer,
  records: Map<string, string>,
  type: TarMember["type"],
  size: number,
): TarMember {
  return {
    type,
    path: (records.get("path") ?? textAt(header, 0, 100)).replace(/\/$/, ""),
    size: type === "file" ? size : 0,
    mode: octalAt(header, 100, 8),
    uid: Number(records.get("uid") ?? octalAt(header, 108, 8)),
    gid: Number(records.get("gid") ?? octalAt(header, 116, 8)),
    mtime: Number(records.get("mtime") ?? octalAt(header, 136, 12)) * 1000,
    target: records.get("linkpath") ?? textAt(header, 157, 100),
  };
}

function parsePax(content: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  let start = 0;
  while (start < content.length) {
    const space = content.indexOf(" ", start);
    const length = Number(content.toString("latin1", start, space));
    if (space < 0 || !(length > space - start + 1) || start + length > content.length) {
      throw damaged("The archive holds an extended header that cannot be read.");
    }
    const record = content.toString("utf8", space + 1, start + length - 1);
    const equals = record.indexOf("=");
    records.set(record.slice(0, equals), record.slice(equals + 1));
    start += length;
  }
  return records;
}

function checkSum(header: Buffer): void {
  let sum = 0;
  for (let index = 0; index < blockBytes; index += 1) {
    sum += index >= 148 && index < 156 ? 32 : (header[index] ?? 0);
  }
  if (sum !== octalAt(header, 148, 8)) throw damaged("The archive holds a header that is damaged.");
}

function textAt(header: Buffer, start: number, length: number): string {
  const end = header.indexOf(0, start);
  return header.toString("utf8", start, end < 0 ? start + length : Math.min(end, start + length));
}

function octalAt(header: Buffer, start: number, length: number): number {
  return Number.parseInt(textAt(header, start, length).trim() || "0", 8);
}
