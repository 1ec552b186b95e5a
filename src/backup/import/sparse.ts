import type { ByteReader } from "./byte-reader.ts";
import { type PaxRecords, countOf, parseCount, valueOf } from "./pax-records.ts";
import { brokenArchive } from "./refusals.ts";

/** Where the stored bytes of a file with holes belong. */
export interface SparseMap {
  /** Bytes of the whole file. */
  size: number;
  pieces: { offset: number; length: number }[];
}

const blockBytes = 512;
const mostPieces = 1_000_000;

/** Whether a pax header says that the file has holes, in one of the ways of GNU tar. */
export function isPaxSparse(records: PaxRecords): boolean {
  return records.some(([key]) => key.startsWith("GNU.sparse."));
}

/**
 * The map of a file with holes by a pax header: formats 0.0 and 0.1, which have it in the header, and
 * 1.0, which has it before the content.
 * (https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html)
 */
export async function readPaxSparse(
  records: PaxRecords,
  stored: number,
  reader: ByteReader,
): Promise<{ map: SparseMap; mapBytes: number }> {
  const size = countOf(records, "GNU.sparse.realsize") ?? countOf(records, "GNU.sparse.size");
  if (size === null) throw brokenArchive("a file with holes has no size");
  if (countOf(records, "GNU.sparse.major") === 1) {
    const { numbers, bytes } = await readMap(stored, reader);
    return { map: checked({ size, pieces: pairs(numbers) }, stored - bytes), mapBytes: bytes };
  }
  const list = valueOf(records, "GNU.sparse.map")?.toString("latin1").split(",");
  const repeated = records
    .filter(([key]) => key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes")
    .map(([key, value]) => parseCount(value, key));
  const numbers = list?.map((text) => parseCount(Buffer.from(text), "sparse map")) ?? repeated;
  return { map: checked({ size, pieces: pairs(numbers) }, stored), mapBytes: 0 };
}

/** Format 1.0: the number of pieces, and offset and length of each, a line for each number. */
async function readMap(
  stored: number,
  reader: ByteReader,
): Promise<{ numbers: number[]; bytes: number }> {
  const lines: string[] = [];
  const parse = (text: string): number => parseCount(Buffer.from(text), "sparse map");
  let [bytes, text, wanted] = [0, "", 1];
  while (lines.length < wanted) {
    const block = bytes + blockBytes > stored ? null : await reader.read(blockBytes);
    if (block === null) throw brokenArchive("the map of a file with holes is cut off");
    bytes += blockBytes;
    const parts = (text + block.toString("latin1")).split("\n");
    text = parts.pop() ?? "";
    lines.push(...parts);
    const [count] = lines;
    if (count !== undefined) wanted = 1 + 2 * Math.min(parse(count), mostPieces);
  }
  return { numbers: lines.slice(1, wanted).map(parse), bytes };
}

/** The map of GNU tar's older format: four pieces in the header, 21 in each block that follows. */
export async function readOldSparse(
  header: Buffer,
  stored: number,
  reader: ByteReader,
): Promise<SparseMap> {
  const pieces = readPieces(header, 386, 4);
  for (let more = header[482] !== 0; more; ) {
    const block = await reader.read(blockBytes);
    if (block === null || pieces.length > mostPieces) {
      throw brokenArchive("the map of a file with holes is cut off");
    }
    pieces.push(...readPieces(block, 0, 21));
    more = block[504] !== 0;
  }
  return checked({ size: numberAt(header, 483), pieces }, stored);
}

function readPieces(block: Buffer, start: number, count: number): SparseMap["pieces"] {
  const pieces: SparseMap["pieces"] = [];
  for (let index = 0; index < count; index += 1) {
    const at = start + 24 * index;
    if (block[at] === 0) break;
    pieces.push({ offset: numberAt(block, at), length: numberAt(block, at + 12) });
  }
  return pieces;
}

/** Twelve bytes: octal digits, or a binary number after a byte of 0x80. */
function numberAt(block: Buffer, at: number): number {
  if (block[at] === 0x80) {
    const value = block.readBigUInt64BE(at + 4);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  } else {
    const text = block.toString("latin1", at, at + 12).replace(/[\0 ]+$/, "");
    if (/^ *[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  }
  throw brokenArchive("the map of a file with holes has an impossible number");
}

function pairs(numbers: readonly number[]): SparseMap["pieces"] {
  if (numbers.length % 2 !== 0) throw brokenArchive("the map of a file with holes is cut off");
  return Array.from({ length: numbers.length / 2 }, (_, index) => ({
    offset: numbers[2 * index] ?? 0,
    length: numbers[2 * index + 1] ?? 0,
  }));
}

/** The pieces are in order, inside the file, and as long as what is stored. */
function checked(map: SparseMap, stored: number): SparseMap {
  let [end, sum] = [0, 0];
  for (const { offset, length } of map.pieces) {
    if (offset < end) throw brokenArchive("the map of a file with holes is out of order");
    end = offset + length;
    sum += length;
  }
  if (end <= map.size && sum === stored && Number.isSafeInteger(end)) return map;
  throw brokenArchive("the map of a file with holes does not fit its content");
}
