import { randomBytes } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  compressInto,
  compressedBound,
  decodeFrames,
  frameLength,
} from "../../../src/backup/format/zstd.ts";

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
