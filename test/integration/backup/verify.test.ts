import { randomBytes } from "node:crypto";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { generateIdentity } from "../../../src/backup/age/identity.ts";
import { objectOfKey } from "../../../src/backup/format/object.ts";
import { sqliteSource } from "../../../src/backup/sources/sqlite.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { type MemoryStore, memoryStore } from "../../support/memory-store.ts";
import { everything, restore, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

/** Every byte in the long form; in the short one every so many-th. */
const stride = process.env["STUDIO_TEST_EVERY"] === "1" ? 1 : 13;

async function scene(identity: string | null, recipients: string[]) {
  const folder = temporaryFolder();
  const [tree, store] = [join(folder, "tree"), memoryStore()];
  writeTree(tree, { "models/a.onnx": randomBytes(300), "b.txt": "text ".repeat(50) });
  const sources = [everything(tree)];
  const { snapshot: made } = await snapshot({ store, sources, recipients });
  const identities = identity === null ? [] : [identity];
  return { folder, tree, store, id: made.id, identities };
}

function filesOf(store: MemoryStore): string[] {
  return [...store.files.keys()].filter((key) => /^(objects|snapshots)\//.test(key)).toSorted();
}

test.each([
  ["plain", false],
  ["encrypted", true],
])(
  "a flipped bit in any file of a repository is found: %s",
  async (_name, encrypted) => {
    const { identity, recipient } = generateIdentity();
    const one = await scene(encrypted ? identity : null, encrypted ? [recipient] : []);
    const before = describeTree(one.tree);
    const keys = filesOf(one.store);
    expect(keys.length).toBeGreaterThanOrEqual(5);
    let round = 0;
    for (const key of keys) {
      const bytes = one.store.files.get(key) ?? Buffer.alloc(0);
      for (let position = 0; position < bytes.length; position += stride) {
        const bit = 1 << (position % 8);
        bytes[position] = (bytes[position] ?? 0) ^ bit;
        const where = `${key} at ${position}`;
        const report = await verify(one);
        expect(report.ok, where).toBe(false);
        expect(report.problems.length, where).toBeGreaterThan(0);
        // Without the key the stored bytes alone tell.
        expect((await verify({ ...one, identities: [] })).ok, where).toBe(false);
        const target = join(one.folder, `out-${(round += 1)}`);
        const restored = await restore({ ...one, target }).catch(() => null);
        if (restored !== null && restored.damaged.length === 0) {
          expect(describeTree(target), where).toEqual(before);
        }
        bytes[position] = (bytes[position] ?? 0) ^ bit;
        one.store.files.delete(`snapshots/${one.id}/verified.json`);
      }
    }
    expect(await verify(one)).toMatchObject({ ok: true, problems: [] });
  },
  600_000,
);

test("a cut, emptied or missing file is found, also without reading data", async () => {
  const one = await scene(null, []);
  for (const key of filesOf(one.store)) {
    const whole = one.store.files.get(key) ?? Buffer.alloc(0);
    for (const length of [whole.length - 1, Math.floor(whole.length / 2), 0]) {
      one.store.files.set(key, whole.subarray(0, length));
      const report = await verify({ ...one, depth: { kind: "structure" } });
      expect(report.ok, `${key} cut to ${length}`).toBe(false);
    }
    one.store.files.delete(key);
    const gone = verify({ ...one, depth: { kind: "structure" } });
    if (key.endsWith("COMMIT")) await expect(gone).rejects.toMatchObject({ exitCode: 2 });
    else expect((await gone).problems.join()).toContain("missing");
    one.store.files.set(key, Buffer.from(whole));
  }
  expect(await verify(one)).toMatchObject({ ok: true });
});

test("a sample reads a part, another one each time", async () => {
  const folder = temporaryFolder();
  const store = memoryStore();
  for (let number = 0; number < 10; number += 1) {
    writeTree(join(folder, "tree"), { [`f${number}`]: randomBytes(2_000_000) });
  }
  const { snapshot: made } = await snapshot({ store, sources: [everything(join(folder, "tree"))] });
  const report = await verify({ store, id: made.id, depth: { kind: "data", percent: 30 } });
  expect(report.ok).toBe(true);
  expect(report.objects.read).toBeGreaterThan(0);
  expect(report.objects.read).toBeLessThan(report.objects.needed);
});

test("what was found last is what the list shows", async () => {
  const one = await scene(null, []);
  expect((await listSnapshots(one.store))[0]?.verification).toMatchObject({ ok: true });
  const key = filesOf(one.store).find((name) => objectOfKey(name)?.kind === "segment") ?? "";
  const bytes = one.store.files.get(key) ?? Buffer.alloc(0);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await verify(one);
  expect((await listSnapshots(one.store))[0]?.verification?.ok).toBe(false);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await verify(one);
  expect((await listSnapshots(one.store))[0]?.verification?.ok).toBe(true);
});

test("a snapshot without COMMIT does not exist; one with a damaged COMMIT is listed as such", async () => {
  const one = await scene(null, []);
  const key = `snapshots/${one.id}/COMMIT`;
  const commit = one.store.files.get(key) ?? Buffer.alloc(0);
  one.store.files.set(key, Buffer.from(commit.toString().replace('"full"', '"fuel"')));
  expect((await listSnapshots(one.store))[0]?.damaged).toContain("damaged");
  one.store.files.delete(key);
  expect(await listSnapshots(one.store)).toEqual([]);
});

test("the copy of a database is opened, and its rows are counted", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "studio.db");
  const database = new Database(file);
  database.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)");
  database.close();
  const store = memoryStore();
  const { snapshot: made } = await snapshot({
    store,
    sources: [sqliteSource({ file, label: "db" })],
  });
  expect(made.databases).toEqual(["db"]);
  expect(await verify({ store, id: made.id })).toMatchObject({ ok: true, problems: [] });
});

test("a damaged object is not referred to again, and content that is still there heals it", async () => {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  writeTree(tree, { large: randomBytes(1_500_000), small: "small" });
  const store = memoryStore();
  const options = { store, sources: [everything(tree)], workDirectory: join(folder, "work") };
  const { snapshot: first } = await snapshot({ ...options, id: "20260101T000000Z-aaaa" });
  for (const key of filesOf(store).filter((name) => name.startsWith("objects/"))) {
    const bytes = store.files.get(key) ?? Buffer.alloc(0);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
  }
  expect((await verify({ store, id: first.id })).ok).toBe(false);
  const { snapshot: second } = await snapshot({ ...options, id: "20260102T000000Z-aaaa" });
  expect((await verify({ store, id: second.id })).problems).toEqual([]);
  // Content and lists are the same, and so are the names that they go by.
  expect((await verify({ store, id: first.id })).problems).toEqual([]);
  expect([...store.files.keys()].filter((key) => key.startsWith("damaged/"))).toEqual([]);
});

test("a note of a verification that cannot be read counts for nothing", async () => {
  const one = await scene(null, []);
  const key = `snapshots/${one.id}/verified.json`;
  await verify(one);
  const note = one.store.files.get(key)?.toString() ?? "";
  for (const text of [
    "",
    note.slice(0, 50),
    note.replace('"ok"', '"oj"'),
    note.replace('"at": "2', '"at": "x'),
  ]) {
    one.store.files.set(key, Buffer.from(text));
    expect((await listSnapshots(one.store))[0]?.verification, text).toBeNull();
  }
});

test("a snapshot that is removed while it is verified is gone, not damaged", async () => {
  const one = await scene(null, []);
  const store = {
    ...one.store,
    async get(key: string) {
      if (key.startsWith("objects/")) {
        for (const name of [`snapshots/${one.id}/COMMIT`, key]) await one.store.remove(name);
      }
      return one.store.get(key);
    },
  };
  const gone = verify({ store, id: one.id });
  await expect(gone).rejects.toMatchObject({ exitCode: 2 });
  expect(filesOf(one.store).filter((name) => name.endsWith("verified.json"))).toEqual([]);
});
