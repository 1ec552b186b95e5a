import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  generateIdentity,
  identityFileText,
  parseIdentityFile,
} from "../../../src/backup/age/identity.ts";
import { open } from "../../../src/backup/age/open.ts";
import { parseRecipient } from "../../../src/backup/age/recipient.ts";
import { createSealer } from "../../../src/backup/age/seal.ts";
import { temporaryFolder } from "./fixtures.ts";

const hasAge = ["age", "age-keygen"].every(isInstalled);
const sizes = [0, 1, 65_535, 65_536, 65_537, 131_072, 1_000_000];

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function run(program: string, args: string[], input?: Uint8Array): Buffer {
  return execFileSync(program, args, { input, stdio: "pipe", maxBuffer: 16 * 1024 * 1024 });
}

function seal(plain: Uint8Array, recipients: string[]): Buffer {
  const sealer = createSealer(recipients.map(parseRecipient));
  const into = Buffer.alloc(sealer.sealedLength(plain.length));
  return into.subarray(0, sealer.seal(plain, into));
}

test("the age programs are there", (context) => {
  if (!hasAge) context.skip("age and age-keygen are not installed");
});

describe.runIf(hasAge)("the age program", () => {
  /** A key of age-keygen: the file, its text and its recipient. */
  function keygen() {
    const path = join(temporaryFolder(), "key.txt");
    run("age-keygen", ["-o", path]);
    const identities = parseIdentityFile(readFileSync(path, "utf8"), path);
    return { path, identities, recipient: run("age-keygen", ["-y", path]).toString().trim() };
  }

  /** A key of our own, in a file. */
  function generated() {
    const key = generateIdentity();
    const path = join(temporaryFolder(), "key.txt");
    const text = identityFileText(key, new Date());
    writeFileSync(path, text, { mode: 0o600 });
    return { path, identities: parseIdentityFile(text, path), recipient: key.recipient };
  }

  test("and its key files are understood, and ours by it", () => {
    const key = keygen();
    expect(key.identities.map((one) => one.recipient)).toEqual([key.recipient]);
    const own = generated();
    expect(run("age-keygen", ["-y", own.path]).toString().trim()).toBe(own.recipient);
  });

  test.each(sizes)("opens %i bytes sealed to one of two recipients", (size) => {
    const plain = randomBytes(size);
    const [own, other] = [generated(), keygen()];
    const file = seal(plain, [other.recipient, own.recipient]);
    for (const key of [own, other]) {
      expect(run("age", ["-d", "-i", key.path], file).equals(plain)).toBe(true);
    }
  });

  test.each(sizes)("encrypts %i bytes to several recipients, which are opened", (size) => {
    const plain = randomBytes(size);
    const [own, other] = [generated(), keygen()];
    const file = run("age", ["-r", other.recipient, "-r", own.recipient], plain);
    for (const key of [own, other]) expect(open(file, key.identities).equals(plain)).toBe(true);
  });

  test("refuses a file of ours that was changed or is for somebody else", () => {
    const own = generated();
    const file = seal(randomBytes(100), [own.recipient]);
    expect(() => run("age", ["-d", "-i", keygen().path], file)).toThrow(/no identity matched/);
    file[file.length - 1] = (file.at(-1) ?? 0) ^ 1;
    expect(() => run("age", ["-d", "-i", own.path], file)).toThrow(/failed to decrypt/);
  });

  test("may encrypt to other kinds of keys beside ours", () => {
    const own = generated();
    const sshKey = sshPublicKey();
    const plain = Buffer.from("plain");
    const file = run("age", ["-r", sshKey, "-r", own.recipient], plain);
    expect(open(file, own.identities).equals(plain)).toBe(true);
    const foreign = run("age", ["-r", sshKey], plain);
    expect(() => open(foreign, own.identities)).toThrow(
      expect.objectContaining({ code: "backup.noIdentity" }),
    );
  });
});

/** An Ed25519 public key as OpenSSH writes it (RFC 8709): that of the first test of RFC 8032. */
function sshPublicKey(): string {
  const key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
  const fields = [Buffer.from("ssh-ed25519"), Buffer.from(key, "hex")].flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  });
  return `ssh-ed25519 ${Buffer.concat(fields).toString("base64")}`;
}
