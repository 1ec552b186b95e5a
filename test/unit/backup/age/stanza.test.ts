import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Stanza } from "../../../../src/backup/age/header.ts";
import { generateIdentity, parseIdentityFile } from "../../../../src/backup/age/identity.ts";
import { parseRecipient } from "../../../../src/backup/age/recipient.ts";
import { unwrapFileKey, wrapFileKey } from "../../../../src/backup/age/stanza.ts";
import { isDamage } from "../../../../src/backup/failures.ts";

const { identity, recipient } = generateIdentity();
const identities = parseIdentityFile(identity, "key.txt");
const fileKey = randomBytes(16);
const mine = wrapFileKey(fileKey, parseRecipient(recipient));
const [, share = ""] = mine.arguments;
const foreign = wrapFileKey(fileKey, parseRecipient(generateIdentity().recipient));
const passphrase: Stanza = { arguments: ["scrypt", "c2FsdA", "18"], body: randomBytes(32) };

describe("the file key", () => {
  test("comes out of the stanza that is ours, whatever kinds are beside it", () => {
    const unknown = { arguments: ["example.com/enigma", "x", "y"], body: randomBytes(5) };
    const grease = { arguments: ["-grease"], body: Buffer.alloc(0) };
    const otherCase = { arguments: ["x25519", "?"], body: randomBytes(3) };
    const stanzas = [unknown, foreign, grease, mine, otherCase];
    expect(unwrapFileKey(stanzas, identities)).toEqual(fileKey);
  });

  test("stays closed where no stanza is ours", () => {
    expect(unwrapFileKey([foreign], identities)).toBeNull();
    expect(unwrapFileKey([mine], [])).toBeNull();
    expect(unwrapFileKey([passphrase], identities)).toBeNull();
  });
});

test.each<[string, Stanza]>([
  ["a third argument", { ...mine, arguments: [...mine.arguments, "x"] }],
  ["no share", { ...mine, arguments: ["X25519"] }],
  ["a short share", { ...mine, arguments: ["X25519", share.slice(0, 42)] }],
  ["a long share", { ...mine, arguments: ["X25519", `${share.slice(0, 42)}AAAA`] }],
  ["a share with padding", { ...mine, arguments: ["X25519", `${share}=`] }],
  ["a share of low order", { ...mine, arguments: ["X25519", "A".repeat(43)] }],
  ["a long file key", { ...mine, body: Buffer.alloc(41) }],
  ["a short file key", { ...mine, body: mine.body.subarray(1) }],
  ["a passphrase", passphrase],
])("a stanza with %s is damage, even beside one that opens", (_, stanza) => {
  expect(() => unwrapFileKey([stanza, mine], identities)).toThrow(expect.toSatisfy(isDamage));
});
