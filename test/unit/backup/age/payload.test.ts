import { createCipheriv, createSecretKey, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  chunkBytes,
  decryptPayload,
  encryptPayload,
  payloadLength,
} from "../../../../src/backup/age/payload.ts";
import { isDamage } from "../../../../src/backup/failures.ts";

const key = createSecretKey(randomBytes(32));

/** One chunk as the specification says it, apart from the code under test. */
function chunkOf(plain: Uint8Array, number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(number, 7);
  nonce[11] = last ? 1 : 0;
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function encrypted(plain: Uint8Array): Buffer {
  const into = Buffer.alloc(payloadLength(plain.length));
  expect(encryptPayload(key, plain, into, 0)).toBe(into.length);
  return into;
}

const full = randomBytes(chunkBytes);
const rest = randomBytes(10);

test.each([
  ["an empty one", Buffer.alloc(0), [chunkOf(Buffer.alloc(0), 0, true)]],
  ["a short one", rest, [chunkOf(rest, 0, true)]],
  ["one full chunk", full, [chunkOf(full, 0, true)]],
  [
    "several chunks",
    Buffer.concat([full, full, rest]),
    [chunkOf(full, 0, false), chunkOf(full, 1, false), chunkOf(rest, 2, true)],
  ],
])("%s is encrypted chunk by chunk", (_, plain, chunks) => {
  expect(encrypted(plain).equals(Buffer.concat(chunks))).toBe(true);
});

test("the chunks are counted beyond what one byte holds", () => {
  const plain = Buffer.alloc(258 * chunkBytes, 1);
  const payload = encrypted(plain);
  const last = chunkOf(plain.subarray(-chunkBytes), 257, true);
  expect(payload.subarray(-last.length).equals(last)).toBe(true);
  expect(decryptPayload(key, payload, 0, payload)).toBe(plain.length);
  expect(payload.subarray(0, plain.length).equals(plain)).toBe(true);
});

describe("refused is", () => {
  test.each<[string, Buffer[]]>([
    ["no chunk", []],
    ["half a tag", [Buffer.alloc(8)]],
    ["a last chunk that is empty", [chunkOf(full, 0, false), chunkOf(Buffer.alloc(0), 1, true)]],
    ["a full chunk that is not the last, at the end", [chunkOf(full, 0, false)]],
    ["a short chunk that is not the last", [chunkOf(rest, 0, false), chunkOf(rest, 1, true)]],
    ["a chunk after the last", [chunkOf(full, 0, true), chunkOf(rest, 1, true)]],
    ["a chunk with another's number", [chunkOf(full, 0, false), chunkOf(rest, 0, true)]],
  ])("%s", (_, chunks) => {
    const payload = Buffer.concat(chunks);
    const into = Buffer.alloc(payload.length);
    expect(() => decryptPayload(key, payload, 0, into)).toThrow(expect.toSatisfy(isDamage));
  });

  test("a changed chunk, of which nothing is given out", () => {
    const payload = encrypted(Buffer.concat([full, rest]));
    payload[chunkBytes + 20] = (payload[chunkBytes + 20] ?? 0) ^ 1;
    const into = Buffer.alloc(payload.length);
    expect(() => decryptPayload(key, payload, 0, into)).toThrow("changed or cut at byte 65552");
    expect(into.subarray(0, chunkBytes).equals(full)).toBe(true);
    expect(into.subarray(chunkBytes).every((byte) => byte === 0)).toBe(true);
  });
});
