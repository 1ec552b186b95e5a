import { hash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readBase, writeBase } from "../../../src/backup/base/base-file.ts";
import { type Base, flag } from "../../../src/backup/base/base.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-base-test-"));
  file = join(folder, "set.known");
});

afterEach(() => rmSync(folder, { recursive: true }));

const base: Base = {
  snapshot: "20260101T000000Z-aaaa",
  commit: "c".repeat(64),
  attributes: true,
  paths: ["a", "a/new\nline", "a/back\\slash", "a/\udcff", "größe"],
  flags: Uint8Array.of(flag.directory, 0, 0, flag.symlink, flag.sparse),
  small: Uint32Array.from({ length: 20 }, (_, index) => index),
  wide: Float64Array.from({ length: 20 }, (_, index) => index + 0.125),
  hashes: Buffer.alloc(160, 7),
  rarities: new Map([[3, { target: "elsewhere" }]]),
  objects: [{ sha256: "d".repeat(64), kind: "segment", rawBytes: 9, storedBytes: 8, key: null }],
  amendments: [],
  pages: [{ sha256: "e".repeat(64), first: 0, count: 5, objects: [0] }],
};

/** Without what says of which memory a column is a part. */
const plain = (one: Base | undefined) =>
  one && { ...one, flags: [...one.flags], small: [...one.small], wide: [...one.wide] };

test("what was written is read, for the same purpose alone", () => {
  writeBase(file, "key", base, null);
  expect(plain(readBase(file, "key")?.base)).toEqual(plain(base));
  expect(readBase(file, "another key")).toBeNull();
  expect(readBase(join(folder, "absent"), "key")).toBeNull();
});

test("the columns stay as they are where no entry has changed", () => {
  writeBase(file, "key", base, null);
  const columns = join(folder, "set.known.columns");
  const before = statSync(columns).ino;
  const former = readBase(file, "key");
  const next = { ...(former?.base ?? base), snapshot: "20260102T000000Z-bbbb" };
  writeBase(file, "key", next, former);
  expect(statSync(columns).ino).toBe(before);
  expect(plain(readBase(file, "key")?.base)).toEqual(plain(next));
  writeBase(file, "key", { ...next, paths: [...next.paths.slice(1), "z"] }, former);
  expect(readBase(file, "key")?.base.paths.at(-1)).toBe("z");
});

test("any byte that is not as it was written makes a base unusable, and nothing worse", () => {
  writeBase(file, "key", base, null);
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name));
    for (let at = 0; at < bytes.length; at += 7) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      writeFileSync(join(folder, name), damaged);
      expect(readBase(file, "key"), `${name} at ${at}`).toBeNull();
      writeFileSync(join(folder, name), bytes.subarray(0, at));
      expect(readBase(file, "key"), `${name} cut at ${at}`).toBeNull();
    }
    writeFileSync(join(folder, name), bytes);
  }
  rmSync(join(folder, "set.known.columns"));
  expect(readBase(file, "key")).toBeNull();
});

test.each(["", "no JSON", "[]", '{"version":1}', '{"version":99,"key":"key"}'])(
  "what another version may have written is not used: %j",
  (text) => {
    writeFileSync(file, Buffer.concat([hash("sha256", text, "buffer"), Buffer.from(text)]));
    expect(readBase(file, "key")).toBeNull();
  },
);
