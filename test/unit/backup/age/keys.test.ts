import { describe, expect, test } from "vitest";
import { encodeBech32 } from "../../../../src/backup/age/bech32.ts";
import {
  generateIdentity,
  identityFileText,
  parseIdentityFile,
} from "../../../../src/backup/age/identity.ts";
import { parseRecipient } from "../../../../src/backup/age/recipient.ts";
import { StudioError } from "../../../../src/errors.ts";

// The pair the specification shows.
const identity = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
const recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

function refusalOf(act: () => unknown): StudioError {
  try {
    act();
  } catch (error) {
    if (error instanceof StudioError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function textOf(error: StudioError): string {
  return `${error.message} ${error.hint} ${JSON.stringify(error.details)} ${String(error.cause)}`;
}

describe("an identity file", () => {
  test("gives the recipient that belongs to each of its keys", () => {
    const other = generateIdentity();
    const text = `# created: today\r\n\r\n${identity}\r\n  # note\n${other.identity}`;
    const read = parseIdentityFile(text, "key.txt");
    expect(read.map((one) => one.recipient)).toEqual([recipient, other.recipient]);
  });

  test("is written as age-keygen writes it", () => {
    const text = identityFileText({ identity, recipient }, new Date("2026-11-20T21:05:00.123Z"));
    expect(text).toBe(`# created: 2026-11-20T21:05:00Z\n# public key: ${recipient}\n${identity}\n`);
    expect(parseIdentityFile(text, "key.txt")[0]?.recipient).toBe(recipient);
  });

  test("shows no secret when it is printed", () => {
    const read = JSON.stringify(parseIdentityFile(identity, "key.txt"));
    expect(read).toContain(recipient);
    expect(read).not.toContain("42".repeat(8));
    expect(read).not.toContain(Buffer.alloc(9, 0x42).toString("base64"));
  });

  test.each([
    ["", "holds no identity"],
    ["# only a comment\n\n", "holds no identity"],
    [identity.slice(0, -1), "Line 1 of key.txt is not an age identity"],
    [`# one\n${identity.replace("GFP", "GFQ")}`, "Line 2 of key.txt is not an age identity"],
    [identity.toLowerCase(), "is not an age identity"],
    [`${identity} extra`, "is not an age identity"],
    [encodeBech32("age-secret-key-", Buffer.alloc(31)).toUpperCase(), "is not an age identity"],
    [encodeBech32("age-plugin-yubikey-", Buffer.alloc(20)).toUpperCase(), "age plugin"],
    [encodeBech32("age-secret-key-pq-", Buffer.alloc(32)).toUpperCase(), "post-quantum"],
    [recipient, "is a recipient"],
    ["age-encryption.org/v1\n-> scrypt bm8 18\n", "itself encrypted"],
    ["-----BEGIN AGE ENCRYPTED FILE-----\n", "itself encrypted"],
    ["-----BEGIN OPENSSH PRIVATE KEY-----\n", "SSH"],
  ])("%j is refused without repeating it", (text, why) => {
    const error = refusalOf(() => parseIdentityFile(text, "key.txt"));
    expect(error).toMatchObject({ code: "usage", message: expect.stringContaining(why) });
    expect(textOf(error)).not.toMatch(/AGE-SECRET-KEY-1[A-Z0-9]{3}|GFPYYS|YUBIKEY/i);
  });
});

describe("a recipient", () => {
  test("is read with white space around it", () => {
    expect(parseRecipient(`  ${recipient}\n`)).toMatchObject({ text: recipient });
  });

  test("is new with each generated key", () => {
    const [one, other] = [generateIdentity(), generateIdentity()];
    expect(one.recipient).not.toBe(other.recipient);
    expect(one.identity).toMatch(/^AGE-SECRET-KEY-1[A-Z0-9]{58}$/);
    expect(parseRecipient(one.recipient).text).toBe(one.recipient);
  });

  test.each([
    ["", "must start with age1"],
    ["someone@example.org", "must start with age1"],
    [recipient.slice(0, -1), "mistyped or cut"],
    [recipient.replace("zvk", "zvq"), "mistyped or cut"],
    [recipient.toUpperCase(), "lower case"],
    [encodeBech32("age", Buffer.alloc(31, 9)), "length of a key"],
    [encodeBech32("age", Buffer.alloc(32)), "no usable public key"],
    [encodeBech32("age1yubikey", Buffer.alloc(33, 2)), "the age plugin yubikey"],
    [encodeBech32("age1pq", Buffer.alloc(1216, 2)), "post-quantum"],
    ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI someone@host", "SSH key (ssh-ed25519)"],
    ["ssh-rsa AAAAB3NzaC1yc2E", "SSH key (ssh-rsa)"],
  ])("%.30s… is refused", (text, why) => {
    const error = refusalOf(() => parseRecipient(text));
    expect(error).toMatchObject({ code: "usage", message: expect.stringContaining(why) });
    expect(error.hint).toContain("age-keygen");
  });

  test("that is none at all is not repeated: it may be a password", () => {
    expect(textOf(refusalOf(() => parseRecipient("sk-hunter2")))).not.toContain("hunter2");
  });

  test.each([
    identity,
    identity.toLowerCase(),
    "-----BEGIN OPENSSH PRIVATE KEY-----\nsecret",
    "AGE-SECRET-KEY-1GFPYYSJZ",
    `KEY=${identity}`,
    `${recipient} ${identity}`,
  ])("that is a secret key is refused without repeating it", (text) => {
    const error = refusalOf(() => parseRecipient(text));
    expect(error.message).toContain("A secret key was given");
    expect(textOf(error)).not.toMatch(/GFPYYS|secret$/im);
  });
});
