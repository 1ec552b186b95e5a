import { randomBytes } from "node:crypto";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  compressAside,
  compressInto,
  compressedBound,
  decodeFrames,
  decodePieces,
  frameLength,
  storeInto,
} from "../../../src/backup/format/zstd.ts";
import { isWorthCompressing } from "../../../src/backup/pack/worth-compressing.ts";

function compress(content: Buffer): Buffer {
  const into = Buffer.alloc(compressedBound(content.length));
  return into.subarray(0, compressInto(content, into, 1));
}

function decode(stored: Buffer): Buffer {
  return Buffer.concat([...decodeFrames(stored)].map((frame) => Buffer.from(frame)));
}

const contents = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 0, max: 3_000_000 }).map((length) => Buffer.alloc(length, "abc")),
  fc.integer({ min: 0, max: 2_500_000 }).map((length) => randomBytes(length)),
);

test("what was compressed comes back, however many frames it took", () => {
  fc.assert(
    fc.property(fc.array(contents, { minLength: 1, maxLength: 3 }), (parts) => {
      const stored = Buffer.concat(parts.map(compress));
      expect(decode(stored).equals(Buffer.concat(parts))).toBe(true);
    }),
    { numRuns: 25 },
  );
});

test("frames without content size or checksum, and skippable ones, are understood", () => {
  const plain = zstdCompressSync(Buffer.alloc(200_000, "xyz"));
  const skippable = Buffer.from("532a4d1803000000616263", "hex");
  const stored = Buffer.concat([skippable, plain, skippable, compress(Buffer.from("end"))]);
  expect(decode(stored).length).toBe(200_003);
});

test("bytes that end inside a frame, or are something else, are refused", () => {
  const stored = compress(randomBytes(5000));
  expect(() => decode(stored.subarray(0, -1))).toThrow("middle of a frame");
  expect(() => decode(Buffer.concat([stored, randomBytes(50)]))).toThrow(
    expect.objectContaining({ code: "backup.damaged" }) as Error,
  );
  expect(frameLength(stored.subarray(0, 8), 0)).toBeNull();
});

test("a flipped bit inside a frame is noticed by its checksum", () => {
  const stored = compress(randomBytes(2000));
  stored[1000] = (stored[1000] ?? 0) ^ 4;
  expect(() => decode(stored)).toThrow(
    expect.objectContaining({ code: "backup.damaged" }) as Error,
  );
});

test("content that is stored as it is comes back through zstd, and piece by piece", () => {
  fc.assert(
    fc.property(contents, (content) => {
      const into = Buffer.alloc(compressedBound(content.length), 0xff);
      const stored = into.subarray(0, storeInto(content, into));
      expect(stored.length).toBeLessThanOrEqual(content.length + 64 + (content.length >> 12));
      expect(decode(stored).equals(content)).toBe(true);
      expect(Buffer.concat([...decodePieces(stored)]).equals(content)).toBe(true);
      const first = stored.subarray(0, frameLength(stored, 0) ?? 0);
      expect(zstdDecompressSync(first).equals(content.subarray(0, 1024 * 1024))).toBe(true);
    }),
    { numRuns: 25 },
  );
});

test("pieces of all kinds of frames are those of the frames", () => {
  const raw = Buffer.alloc(compressedBound(300_000));
  const stored = Buffer.concat([
    compress(Buffer.alloc(200_000, "abc")),
    raw.subarray(0, storeInto(Buffer.alloc(300_000, "def"), raw)),
    zstdCompressSync(randomBytes(200_000)),
  ]);
  let bytes = 0;
  for (const piece of decodePieces(stored)) bytes += piece.length;
  expect(bytes).toBe(700_000);
});

test("a frame stored as it is whose blocks are not as long as it says is refused", () => {
  const into = Buffer.alloc(compressedBound(5000));
  const stored = into.subarray(0, storeInto(randomBytes(5000), into));
  stored.writeUInt32LE(4999, 5);
  expect(() => [...decodePieces(stored)]).toThrow(
    expect.objectContaining({ code: "backup.damaged" }) as Error,
  );
});

test("what is compressed aside is as good as what is compressed at once", async () => {
  for (const content of [Buffer.alloc(0), Buffer.alloc(2_500_000, "abc"), randomBytes(1_500_000)]) {
    const aside = Buffer.alloc(compressedBound(content.length));
    const bytes = await compressAside(content, aside, 1);
    expect(decode(aside.subarray(0, bytes)).equals(content)).toBe(true);
    expect(bytes).toBeLessThan(compress(content).length + 100);
  }
});

test("text is worth compressing, numbers of a model and random bytes are not", () => {
  const weights = Float32Array.from({ length: 500_000 }, () => Math.random() - Math.random());
  expect(isWorthCompressing(Buffer.from("some text, ".repeat(100_000)))).toBe(true);
  expect(isWorthCompressing(Buffer.from(weights.buffer))).toBe(false);
  expect(isWorthCompressing(randomBytes(2_000_000))).toBe(false);
  // To ask costs as much as to compress.
  expect(isWorthCompressing(randomBytes(100_000))).toBe(true);
});
