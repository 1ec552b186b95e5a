import { randomBytes } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  compressFrame,
  decodeFrames,
  decompressFrame,
  frameLength,
} from "../../../src/backup/zstd.ts";

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size)
    yield bytes.subarray(start, start + size);
}

async function decode(bytes: Buffer, size: number): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(decodeFrames(inPieces(bytes, size))));
}

const contents = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 0, max: 400_000 }).map((length) => Buffer.alloc(length, "abc")),
  fc.integer({ min: 0, max: 300_000 }).map((length) => randomBytes(length)),
);

test("all frames of a stream are read, however it is cut into pieces", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(contents, { maxLength: 4 }),
      fc.integer({ min: 1000, max: 100_000 }),
      async (parts, size) => {
        const stored = Buffer.concat(parts.map((part) => compressFrame(part)));
        expect((await decode(stored, size)).equals(Buffer.concat(parts))).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

test("frames without content size or checksum, and skippable ones, are understood", async () => {
  const plain = zstdCompressSync(Buffer.alloc(200_000, "xyz"));
  const skippable = Buffer.from("532a4d1803000000616263", "hex");
  const stored = Buffer.concat([skippable, plain, skippable, compressFrame(Buffer.from("end"))]);
  expect((await decode(stored, 7)).length).toBe(200_003);
});

test("a stream that ends inside a frame, or holds something else, is refused", async () => {
  const stored = compressFrame(randomBytes(5000));
  await expect(decode(stored.subarray(0, -1), 100)).rejects.toThrow("middle of a frame");
  await expect(decode(Buffer.concat([stored, randomBytes(50)]), 100)).rejects.toMatchObject({
    code: "backup.damaged",
  });
  expect(frameLength(stored.subarray(0, 8), 0)).toBeNull();
});

test("a flipped bit inside a frame is noticed by its checksum", () => {
  const stored = compressFrame(randomBytes(2000));
  stored[1000] = (stored[1000] ?? 0) ^ 4;
  expect(() => decompressFrame(stored)).toThrow("cannot be read");
});
