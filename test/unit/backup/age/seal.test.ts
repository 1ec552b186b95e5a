import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generateIdentity, parseIdentityFile } from "../../../../src/backup/age/identity.ts";
import { parseHeader } from "../../../../src/backup/age/header.ts";
import { open } from "../../../../src/backup/age/open.ts";
import { parseRecipient } from "../../../../src/backup/age/recipient.ts";
import { createSealer } from "../../../../src/backup/age/seal.ts";
import { unwrapFileKey } from "../../../../src/backup/age/stanza.ts";
import { isDamage } from "../../../../src/backup/failures.ts";

function createKey() {
  const { identity, recipient } = generateIdentity();
  const identities = parseIdentityFile(identity, "key.txt");
  return { identities, recipient: parseRecipient(recipient) };
}

const mine = createKey();
const other = createKey();
const sealer = createSealer([mine.recipient]);
const noIdentity = expect.objectContaining({ code: "backup.noIdentity", exitCode: 2 });
const refusal = expect.toSatisfy(
  (error) => isDamage(error) || (error as { code?: unknown }).code === "backup.noIdentity",
);

function sealed(plain: Uint8Array, by = sealer): Buffer {
  const into = Buffer.alloc(by.sealedLength(plain.length));
  expect(by.seal(plain, into)).toBe(into.length);
  return into;
}

const chunk = 65_536;
const chunkStored = chunk + 16;

describe("what was sealed is opened", () => {
  test.each([0, 1, 65_535, chunk, 65_537, 2 * chunk - 1, 2 * chunk, 2 * chunk + 1, 300_000])(
    "with %i bytes",
    (size) => {
      const plain = randomBytes(size);
      expect(open(sealed(plain), mine.identities).equals(plain)).toBe(true);
    },
  );

  test("with any length, to any number of recipients, by each of them", () => {
    const keys = Array.from({ length: 4 }, createKey);
    fc.assert(
      fc.property(fc.nat(200_000), fc.integer({ min: 1, max: 4 }), (size, count) => {
        const chosen = keys.slice(0, count);
        const plain = randomBytes(size);
        const file = sealed(plain, createSealer(chosen.map((key) => key.recipient)));
        for (const key of chosen) expect(open(file, key.identities).equals(plain)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test("with one identity of several", () => {
    const identities = [...other.identities, ...mine.identities];
    expect(open(sealed(Buffer.from("plain")), identities).toString()).toBe("plain");
  });

  test("within memory that is used again, and in place", () => {
    const into = Buffer.alloc(400_000, 0xaa);
    for (const size of [300_000, 70_000, 0]) {
      const plain = randomBytes(size);
      const file = into.subarray(0, sealer.seal(plain, into));
      const opened = open(file, mine.identities, into);
      expect(opened.buffer).toBe(into.buffer);
      expect(opened.equals(plain)).toBe(true);
    }
  });

  test("from memory that threads share", () => {
    const plain = Buffer.from(new SharedArrayBuffer(100_000)).fill("studio");
    const into = Buffer.from(new SharedArrayBuffer(sealer.sealedLength(plain.length)));
    sealer.seal(plain, into);
    expect(open(into, mine.identities).equals(plain)).toBe(true);
  });
});

test("the same content is never sealed alike", () => {
  const plain = Buffer.alloc(100, 1);
  const [one, second] = [sealed(plain), sealed(plain)];
  const [a, b] = [partsOf(one), partsOf(second)];
  for (const part of ["share", "fileKey", "nonce", "payload"] as const) {
    expect(a[part].length, part).toBeGreaterThan(0);
    expect(a[part].equals(b[part]), part).toBe(false);
  }
});

function partsOf(file: Buffer) {
  const { stanzas, length } = parseHeader(file);
  return {
    share: Buffer.from(stanzas[0]?.arguments[1] ?? ""),
    fileKey: unwrapFileKey(stanzas, mine.identities) ?? Buffer.alloc(0),
    nonce: file.subarray(length, length + 16),
    payload: file.subarray(length + 16),
  };
}

test("a recipient named twice is written once", () => {
  const twice = createSealer([mine.recipient, parseRecipient(mine.recipient.text)]);
  expect(twice.sealedLength(0)).toBe(sealer.sealedLength(0));
});

test("without a recipient nothing is sealed", () => {
  expect(() => createSealer([])).toThrow("no recipient");
});

test("memory that is too small is a mistake of the caller", () => {
  expect(() => sealer.seal(Buffer.alloc(10), Buffer.alloc(sealer.sealedLength(9)))).toThrow(
    RangeError,
  );
});

describe("is refused:", () => {
  test("a file for somebody else, with what to type", () => {
    const file = sealed(Buffer.from("plain"));
    expect(() => open(file, other.identities)).toThrow(noIdentity);
    expect(() => open(file, [])).toThrow(
      expect.objectContaining({
        message: "The backup is encrypted, and no identity was given.",
        hint: expect.stringContaining("--identity FILE"),
      }),
    );
  });

  test("a file with any bit changed", () => {
    const file = sealed(randomBytes(chunk + 100), createSealer([mine.recipient, other.recipient]));
    const header = Array.from({ length: file.lastIndexOf("--- ") + 48 + 16 }, (_, byte) => byte);
    const ends = [chunkStored - 17, chunkStored - 1, chunkStored, file.length - 1];
    for (const byte of [...header, ...ends]) expectRefused(file, byte, byte % 8);
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(7), (byte, bit) =>
        expectRefused(file, byte, bit),
      ),
    );
  });

  function expectRefused(file: Buffer, byte: number, bit: number): void {
    const changed = Buffer.from(file);
    changed[byte] = (changed[byte] ?? 0) ^ (1 << bit);
    expect(() => open(changed, mine.identities), `bit ${bit} of byte ${byte}`).toThrow(refusal);
  }

  test.each([0, 50, chunk, 2 * chunk, 2 * chunk + 5])("any part of a file of %i bytes", (size) => {
    const file = sealed(randomBytes(size));
    const start = sealer.sealedLength(0) - 16;
    const borders = [0, 1, 2].map((number) => start + number * chunkStored);
    const near = [...borders, start - 16, file.length].flatMap((at) =>
      [-17, -16, -15, -1, 0, 1, 15, 16].map((by) => at + by),
    );
    for (const length of near.filter((length) => length >= 0 && length < file.length)) {
      expect(() => open(file.subarray(0, length), mine.identities)).toThrow(
        expect.toSatisfy(isDamage),
      );
    }
  });

  test("a file with something after its end", () => {
    for (const size of [0, 5, chunk]) {
      for (const more of [1, 16, 17, chunkStored]) {
        const file = Buffer.concat([sealed(randomBytes(size)), Buffer.alloc(more)]);
        expect(() => open(file, mine.identities)).toThrow(expect.toSatisfy(isDamage));
      }
    }
  });

  test("chunks in another order, twice, or left out", () => {
    const file = sealed(randomBytes(3 * chunk));
    const start = sealer.sealedLength(0) - 16;
    const header = file.subarray(0, start);
    const [a, b, c] = [0, 1, 2].map((number) =>
      file.subarray(start + number * chunkStored, start + (number + 1) * chunkStored),
    ) as [Buffer, Buffer, Buffer];
    expect(Buffer.concat([header, a, b, c]).equals(file)).toBe(true);
    for (const order of [[b, a, c], [a, a, b, c], [a, c], [b, c], [a, b], [c], [a, b, c, c]]) {
      expect(() => open(Buffer.concat([header, ...order]), mine.identities)).toThrow(
        expect.toSatisfy(isDamage),
      );
    }
  });

  test("a stanza of a low order point, or one taken from another file", () => {
    const file = sealed(Buffer.from("plain")).toString("latin1");
    const stanza = /-> X25519 (.{43})\n(.{43})\n/;
    const low = file.replace(stanza, `-> X25519 ${"A".repeat(43)}\n$2\n`);
    const foreign = file.replace(
      stanza,
      sealed(Buffer.from("plain")).toString("latin1").match(stanza)?.[0] ?? "",
    );
    for (const text of [low, foreign]) {
      expect(text).not.toBe(file);
      expect(() => open(Buffer.from(text, "latin1"), mine.identities)).toThrow(
        expect.toSatisfy(isDamage),
      );
    }
  });
});
