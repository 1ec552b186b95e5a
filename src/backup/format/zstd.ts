import { promisify } from "node:util";
import {
  type ZstdOptions,
  constants,
  zstdCompress,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import { damaged } from "../failures.ts";
import { largestBlock, magic, rawBlocks, writeRawFrame } from "./raw-frames.ts";
import { release } from "./release.ts";

/** Bytes of content in one frame: bounds the memory that a frame needs on either side. */
const frameBytes = 1024 * 1024;

/** Foreign frames larger than this are refused rather than held in memory. */
const largestFrame = 64 * 1024 * 1024;

const skippableMagic = 0x184d2a5;
const dictionaryIdBytes = [0, 1, 2, 4];
const contentSizeBytes = [0, 2, 4, 8];

/** The most bytes that `compressInto` writes for so many bytes of content. */
export function compressedBound(length: number): number {
  return length + (length >> 8) + 64 * (Math.ceil(length / frameBytes) + 1);
}

/**
 * Writes content as zstd frames with content size and checksum (RFC 8878), one for each
 * `frameBytes`, and tells how many bytes they take. Always at least one frame.
 */
export function compressInto(content: Uint8Array, into: Buffer, level: number): number {
  let length = 0;
  for (let start = 0; start === 0 || start < content.length; start += frameBytes) {
    const frame = compressFrame(content.subarray(start, start + frameBytes), level);
    into.set(frame, length);
    length += frame.length;
    release(frame);
  }
  return length;
}

/** The same, in the threads that Node has for such things; the content may not change meanwhile. */
export async function compressAside(
  content: Uint8Array,
  into: Buffer,
  level: number,
): Promise<number> {
  let length = 0;
  for (let start = 0; start === 0 || start < content.length; start += frameBytes) {
    const piece = content.subarray(start, start + frameBytes);
    const frame = await compressOnce(piece, optionsOf(piece, level));
    into.set(frame, length);
    length += frame.length;
    release(frame);
  }
  return length;
}

const compressOnce = promisify(zstdCompress);

/** Writes content as it is, in the same number of frames, which have no checksum. */
export function storeInto(content: Uint8Array, into: Buffer): number {
  let length = 0;
  for (let start = 0; start === 0 || start < content.length; start += frameBytes) {
    length = writeRawFrame(content.subarray(start, start + frameBytes), into, length);
  }
  return length;
}

function compressFrame(content: Uint8Array, level: number): Buffer {
  return zstdCompressSync(content, optionsOf(content, level));
}

function optionsOf(content: Uint8Array, level: number): ZstdOptions {
  return {
    chunkSize: Math.max(1024, compressedBound(content.length)),
    // What is made aside is not told else how long it is.
    pledgedSrcSize: content.length,
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
  };
}

/** The content of exactly one frame; its checksum is verified. Empty for a skippable frame. */
function decompressFrame(frame: Uint8Array): Buffer {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  if (isSkippable(bytes, 0)) return Buffer.alloc(0);
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: largestFrame, chunkSize: frameBytes });
  } catch (error) {
    throw damaged(`A compressed frame cannot be read: ${String(error)}.`);
  }
}

/**
 * The contents of all frames, one by one. Node's own decoder stops silently after the first frame
 * of several, so nothing here hands it more than one.
 */
export function* decodeFrames(stored: Buffer): Generator<Buffer> {
  for (const frame of framesOf(stored)) yield decompressFrame(frame);
}

/** The same in pieces of which each may be used until the next one is asked for. */
export function* decodePieces(stored: Buffer): Generator<Buffer> {
  for (const frame of framesOf(stored)) {
    const blocks = rawBlocks(frame);
    if (blocks !== null) {
      yield* blocks;
      continue;
    }
    const content = decompressFrame(frame);
    yield content;
    release(content);
  }
}

function* framesOf(stored: Buffer): Generator<Buffer> {
  for (let start = 0; start < stored.length; ) {
    const length = frameLength(stored, start);
    if (length === null || start + length > stored.length) {
      throw damaged("The compressed data ends in the middle of a frame.");
    }
    yield stored.subarray(start, start + length);
    start += length;
  }
}

/**
 * The length of the frame that starts at `start`, found by walking its block headers (RFC 8878,
 * 3.1.1), or null when `bytes` ends before that is known.
 */
export function frameLength(bytes: Buffer, start: number): number | null {
  if (bytes.length - start < 9) return null;
  if (isSkippable(bytes, start)) return 8 + bytes.readUInt32LE(start + 4);
  if (bytes.readUInt32LE(start) !== magic)
    throw damaged("A compressed frame does not start as one.");
  const descriptor = bytes[start + 4] ?? 0;
  let position = start + 5 + headerBytes(descriptor);
  for (let last = false; !last; ) {
    if (position + 3 > bytes.length) return null;
    const header = bytes.readUIntLE(position, 3);
    const size = header >> 3;
    const type = (header >> 1) & 3;
    if (type === 3 || (type !== 1 && size > largestBlock) || position - start > largestFrame) {
      throw damaged("A compressed frame holds an impossible block.");
    }
    last = (header & 1) === 1;
    position += 3 + (type === 1 ? 1 : size);
  }
  return position + ((descriptor & 4) === 0 ? 0 : 4) - start;
}

function headerBytes(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const contentSize = sizeFlag === 0 && singleSegment ? 1 : (contentSizeBytes[sizeFlag] ?? 0);
  return (singleSegment ? 0 : 1) + (dictionaryIdBytes[descriptor & 3] ?? 0) + contentSize;
}

function isSkippable(bytes: Buffer, start: number): boolean {
  return bytes.length - start >= 8 && bytes.readUInt32LE(start) >>> 4 === skippableMagic;
}
