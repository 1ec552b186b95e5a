import { hash } from "node:crypto";
import { inflateSync } from "node:zlib";
import * as files from "cctv-age";
import { expect, test } from "vitest";
import { parseIdentityFile } from "../../../../src/backup/age/identity.ts";
import { open } from "../../../../src/backup/age/open.ts";
import { isDamage } from "../../../../src/backup/failures.ts";

interface Vector {
  name: string;
  fields: Map<string, string>;
  file: Buffer;
}

/** The test vectors of C2SP (CCTV/age): one failure or success each. */
const vectors = Object.entries(files as Record<string, Uint8Array>)
  .map(([name, bytes]) => parse(name, Buffer.from(bytes)))
  .filter(isWithinReach);

function parse(name: string, bytes: Buffer): Vector {
  const end = bytes.indexOf("\n\n");
  const lines = bytes.toString("utf8", 0, end).split("\n");
  const fields = new Map(lines.map((line) => line.split(": ", 2) as [string, string]));
  const rest = bytes.subarray(end + 2);
  return { name, fields, file: fields.get("compressed") === "zlib" ? inflateSync(rest) : rest };
}

/** Armour, passphrases and post-quantum keys are not read. */
function isWithinReach({ fields }: Vector): boolean {
  if (fields.has("armored") || fields.get("identity")?.includes("KEY-PQ-") === true) return false;
  return !fields.has("passphrase") || fields.has("identity");
}

function outcomeOf({ fields, file }: Vector): string {
  const identity = fields.get("identity");
  const identities = identity === undefined ? [] : parseIdentityFile(identity, "vector");
  try {
    return hash("sha256", open(file, identities));
  } catch (error) {
    if (isDamage(error)) return "damage";
    return String((error as { code?: unknown }).code);
  }
}

test("the vectors are there", () => {
  expect(vectors.length).toBeGreaterThan(60);
});

test.for(vectors)("the outcome of vector $name is that of every age", (vector) => {
  const expected = vector.fields.get("expect");
  const payload = vector.fields.get("payload");
  const outcome = expected === "no match" ? "backup.noIdentity" : "damage";
  expect(outcomeOf(vector)).toBe(expected === "success" ? payload : outcome);
});
