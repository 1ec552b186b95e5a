import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { damaged } from "./failures.ts";

/** Bytes of content in one frame: bounds memory and the time between two turns of the loop. */
export const frameBytes = 1024 * 1024;

/** Foreign frames larger than this are refused rather than held in memory. */
const largestFrame = 64 * 1024 * 1024;

const magic = 0xfd2fb528;
const skippableMagic = 0x184d2a5;
const largestBlock = 128 * 1024;
const dictionaryIdBytes = [0, 1, 2, 4];
const contentSizeBytes = [0, 2, 4, 8];

/** One independent zstd frame with content size and checksum (RFC 8878). */
export function compressFrame(content: Uint8Array, level = 1): Buffer {
  return zstdCompressSync(content, {
    chunkSize: Math.max(1024, content.length + (content.length >> 7) + 512),
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
  });
}

/** The content of exactly one frame; its checksum is verified. Empty for a skippable frame. */
export function decompressFrame(frame: Buffer): Buffer {
  if (isSkippable(frame, 0)) return Buffer.alloc(0);
  try {
    return zstdDecompressSync(frame, { maxOutputLength: largestFrame, chunkSize: frameBytes });
  } catch (error) {
    throw damaged(`A compressed frame cannot be read: ${String(error)}.`);
  }
}

/**
 * The length of the frame that starts at `start`, found by walking its block headers (RFC 8878,
 * 3.1.1), or null when `bytes` ends before that is known. Node's own decoder stops silently after
 * the first frame of a file, so nothing here hands it more than one.
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

/** The contents of all frames of a stream, one by one; a stream cut inside a frame is an error. */
export async function* decodeFrames(stored: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of stored) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    let start = 0;
    for (;;) {
      const length = frameLength(pending, start);
      if (length === null || start + length > pending.length) break;
      yield decompressFrame(pending.subarray(start, start + length));
      start += length;
    }
    pending = pending.subarray(start);
  }
  if (pending.length > 0) throw damaged("The compressed data ends in the middle of a frame.");
}
