/**
 * zstd frames whose blocks hold their content as it is (RFC 8878, 3.1.1.2.2): for content that
 * does not get smaller. Any zstd reads them, and writing and reading them costs but a copy.
 */

export const magic = 0xfd2fb528;
export const largestBlock = 128 * 1024;

/** Content size in four bytes, one segment, no checksum: the hashes of objects and files are that. */
const descriptor = 0b1010_0000;
const headerBytes = 9;

/** Writes one such frame to `into` from `start` on, and tells where it ends. */
export function writeRawFrame(content: Uint8Array, into: Buffer, start: number): number {
  let at = into.writeUInt32LE(magic, start);
  at = into.writeUInt8(descriptor, at);
  at = into.writeUInt32LE(content.length, at);
  let done = 0;
  do {
    const block = content.subarray(done, done + largestBlock);
    done += block.length;
    const isLast = done === content.length;
    at = into.writeUIntLE(block.length * 8 + (isLast ? 1 : 0), at, 3);
    into.set(block, at);
    at += block.length;
  } while (done < content.length);
  return at;
}

/**
 * The blocks of a frame that `writeRawFrame` wrote, without a copy; null for any other frame.
 * @param frame exactly one frame, its blocks inside of it
 */
export function rawBlocks(frame: Buffer): Buffer[] | null {
  if (frame.length < headerBytes || frame[4] !== descriptor) return null;
  const blocks: Buffer[] = [];
  let size = 0;
  for (let at = headerBytes; at < frame.length; ) {
    const header = frame.readUIntLE(at, 3);
    if (((header >> 1) & 3) !== 0) return null;
    const block = frame.subarray(at + 3, at + 3 + (header >> 3));
    blocks.push(block);
    size += block.length;
    at += 3 + block.length;
  }
  return size === frame.readUInt32LE(5) ? blocks : null;
}
