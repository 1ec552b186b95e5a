import { hash, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Base } from "../../../src/backup/base/base.ts";
import { KnownEntries } from "../../../src/backup/base/known-entries.ts";
import { nextBase } from "../../../src/backup/base/next-base.ts";
import { type Entry, emptySha256 } from "../../../src/backup/format/entry.ts";
import { decodeManifest, encodeManifest } from "../../../src/backup/format/manifest.ts";
import { objectKey, objectOfKey } from "../../../src/backup/format/object.ts";
import { decodeObjectList, encodeObjectList } from "../../../src/backup/format/object-list.ts";
import { PageText } from "../../../src/backup/format/page-text.ts";
import { decodePage } from "../../../src/backup/format/page.ts";
import {
  escapePath,
  pathBytes,
  pathFromBytes,
  unescapePath,
} from "../../../src/backup/format/path-text.ts";

const path = fc
  .uint8Array({ minLength: 1, maxLength: 60 })
  .filter((bytes) => !bytes.includes(0))
  .map((bytes) => pathFromBytes(Buffer.from(bytes)));
const sha256 = fc.integer({ min: 0, max: 6 }).map((number) => hash("sha256", String(number)));
const attributes = {
  path,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.nat({ max: 2 ** 31 - 1 }),
  gid: fc.nat({ max: 2 ** 31 - 1 }),
  mtime: fc.integer({ min: -1e15, max: 4e15 }).map((micro) => micro / 1000),
};
const place = fc.oneof(
  fc.record({
    kind: fc.constant("member" as const),
    object: sha256,
    member: path,
    stale: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("chunks" as const),
    // Chunks and segments are different objects.
    objects: fc.array(
      sha256.map((text) => hash("sha256", text)),
      { minLength: 1, maxLength: 9 },
    ),
  }),
);
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ type: fc.constant("directory" as const), parent: fc.boolean(), ...attributes }),
  fc.record({
    type: fc.constantFrom("symlink" as const, "link" as const),
    target: path,
    ...attributes,
  }),
  fc.record({
    type: fc.constant("file" as const),
    size: fc.integer({ min: 1, max: 1e12 }),
    sha256,
    place,
    ...attributes,
  }),
);

function encodePage(entries: readonly Entry[]) {
  const page = new PageText();
  for (const one of entries) page.add(one);
  return page.end();
}

/** What is remembered of a snapshot with these entries. */
function remember(entries: readonly Entry[]): Base {
  const { objects } = encodePage(entries);
  return nextBase({
    snapshot: "s",
    commit: "c",
    attributes: true,
    items: entries.map((one) => ({ entry: one, ctime: 1, inode: 2, doubtful: false })),
    base: null,
    objects: objects.map((one) => ({ ...one, rawBytes: 1, storedBytes: 1, key: null })),
    pages: [],
    amendments: [],
    amended: [],
  });
}

describe("a page", () => {
  test("is the same whether its entries are at hand or remembered", () => {
    const plain = fc.record({
      type: fc.constant("file" as const),
      size: fc.integer({ min: 1, max: 1e12 }),
      sha256,
      ...attributes,
    });
    const usual = plain.chain((file) =>
      sha256.map((object): Entry => {
        const here = { kind: "member" as const, object, member: file.path, stale: false };
        return { ...file, place: here };
      }),
    );
    const some = fc.array(fc.oneof({ weight: 4, arbitrary: usual }, entry), {
      maxLength: 600,
      size: "max",
    });
    fc.assert(
      fc.property(some, (entries) => {
        const known = new KnownEntries(remember(entries));
        const page = new PageText();
        for (const index of entries.keys()) known.writeTo(page, index);
        expect(page.end()).toEqual(encodePage(entries));
      }),
      { numRuns: 50 },
    );
  });

  test("holds any entries, and reads back as they were", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
        const { text: bytes, objects } = encodePage(entries);
        const text = bytes.toString();
        expect(decodePage(text)).toEqual({ entries, objects });
        expect(text.split("\n")).toHaveLength(entries.length + objects.length + 1);
      }),
      { numRuns: 300 },
    );
  });

  test("is refused with a clear error after any change of a byte, or is still a page", () => {
    const entries: Entry[] = [
      { type: "directory", parent: false, path: "a", mode: 0o755, uid: 0, gid: 0, mtime: 1.5 },
      {
        type: "file",
        path: "a/b\n",
        mode: 0o644,
        uid: 1,
        gid: 2,
        mtime: -3,
        size: 5,
        sha256: hash("sha256", "x"),
        place: { kind: "chunks", objects: ["1", "2", "3"].map((text) => hash("sha256", text)) },
      },
      {
        type: "file",
        path: "e",
        mode: 0,
        uid: 0,
        gid: 0,
        mtime: 0,
        size: 0,
        sha256: emptySha256,
        place: null,
      },
    ];
    const whole = encodePage(entries).text;
    for (let round = 0; round < 2000; round += 1) {
      const changed = Buffer.from(whole);
      const [at = 0, to = 0] = randomBytes(2);
      changed[Math.floor((at / 256) * changed.length)] = to;
      try {
        decodePage(changed.toString("utf8"));
      } catch (error) {
        expect(error).toMatchObject({ code: "backup.damaged" });
      }
    }
  });

  test("takes no range that its objects do not have", () => {
    const line = `f\t644\t0\t0\t0\tp\t5\t${emptySha256}\tc0-99999999`;
    expect(() => decodePage(`o\t${emptySha256}\tchunk\n${line}\n`)).toThrow("not understood");
  });
});

describe("a path", () => {
  test("keeps any bytes, and stands in one line", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (array) => {
        const bytes = Buffer.from(array);
        const text = pathFromBytes(bytes);
        expect(pathBytes(text).equals(bytes)).toBe(true);
        const escaped = escapePath(text);
        // oxlint-disable-next-line no-control-regex
        expect(escaped).not.toMatch(/[\u0000-\u001f]/);
        expect(escaped.isWellFormed()).toBe(true);
        expect(unescapePath(escaped)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test.each(["\\", "\\8", "a\\400", "x\\12"])("written %j is refused", (text) => {
    expect(unescapePath(text)).toBeNull();
  });
});

test("a manifest and a list of objects read back as they were", () => {
  const pages = [
    { sha256: hash("sha256", "a"), entries: 7, amended: 0 },
    { sha256: hash("sha256", "b"), entries: 70, amended: 4 },
  ];
  const amendments = [{ sha256: hash("sha256", "c"), entries: 4 }];
  const databases = [
    { label: "db", dialect: "sqlite" as const, path: ".studio/db", tables: { t: 1, u: null } },
  ];
  const manifest = { pages, amendments, databases };
  expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
  expect(() => decodeManifest("page\tx\n")).toThrow("not understood");
  const objects = (["segment", "chunk", "page"] as const).map((kind) => ({
    kind,
    sha256: hash("sha256", kind),
  }));
  for (const encrypted of [false, true]) {
    const list = encodeObjectList(objects, encrypted);
    expect(decodeObjectList(list).toSorted((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual(
      objects.toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
    );
    for (const object of objects) expect(objectOfKey(objectKey(object, encrypted))).toEqual(object);
  }
  expect(() => decodeObjectList("nothing\n")).toThrow("not understood");
  expect(objectOfKey(`objects/00/${hash("sha256", "1")}.zst`)).toBeNull();
});
