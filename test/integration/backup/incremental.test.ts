import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
  closeSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generateIdentity } from "../../../src/backup/age/identity.ts";
import type { SourceContext } from "../../../src/backup/sources/source.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { everything, restore, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

async function scene(recipients: string[] = []) {
  const folder = temporaryFolder();
  const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
  const files: Record<string, Buffer> = { "models/large": randomBytes(20_000_000) };
  for (let number = 0; number < 300; number += 1) files[`small/${number}`] = randomBytes(3000);
  writeTree(tree, files);
  // Older than what a file system may tell too coarsely.
  for (const path of Object.keys(files)) utimesSync(join(tree, path), 1e9, 1e9);
  const store = memoryStore();
  let number = 0;
  const take = (more: { full?: boolean; set?: string } = {}) => {
    number += 1;
    const id = `2026${String(number).padStart(4, "0")}T000000Z-aaaa`;
    const now = () => new Date(Date.now() + 10_000);
    const sources = [everything(tree)];
    return snapshot({ store, sources, workDirectory, recipients, id, now, ...more });
  };
  return { folder, tree, store, take, workDirectory };
}

test.each([false, true])(
  "what is unchanged is neither read nor stored again (encrypted: %s)",
  async (encrypted) => {
    const { take, tree } = await scene(encrypted ? [generateIdentity().recipient] : []);
    const first = await take();
    expect(first.added.bytes).toBeGreaterThan(20_000_000);
    // It would be unreadable if it were read: its times are those of a file that was not touched.
    expect((await take()).added).toEqual({ objects: 0, bytes: 0 });
    appendFileSync(join(tree, "small/7"), "more");
    const third = await take();
    expect(third.added.bytes).toBeLessThan(60_000);
    expect(third.snapshot.counts).toMatchObject({ files: 301, addedBytes: third.added.bytes });
  },
);

test("of a large file the pieces that changed are stored", async () => {
  const { take, tree, store, folder } = await scene();
  await take();
  const descriptor = openSync(join(tree, "models/large"), "r+");
  writeSync(descriptor, randomBytes(100), 0, 100, 9_000_000);
  closeSync(descriptor);
  const second = await take();
  expect(second.added.bytes).toBeGreaterThan(4_000_000);
  expect(second.added.bytes).toBeLessThan(4_300_000);
  const target = join(folder, "out");
  await restore({ store, id: second.snapshot.id, target });
  expect(describeTree(target)).toEqual(describeTree(tree));
});

test("a file that was renamed, copied or given other rights is not stored again", async () => {
  const { take, tree } = await scene();
  await take();
  copyFileSync(join(tree, "models/large"), join(tree, "models/copy"));
  chmodSync(join(tree, "small/1"), 0o600);
  expect((await take()).added.bytes).toBeLessThan(60_000);
});

test("a change that keeps size and modification time is noticed by the time of change", async () => {
  const { take, tree, store, folder } = await scene();
  await take();
  const file = join(tree, "small/5");
  writeFileSync(file, Buffer.alloc(3000, "x"));
  utimesSync(file, 1e9, 1e9);
  const second = await take();
  const target = join(folder, "out");
  await restore({ store, id: second.snapshot.id, target });
  expect(readFileSync(join(target, "small/5"), "utf8")).toBe("x".repeat(3000));
});

test("content that another set has stored is known", async () => {
  const { take } = await scene();
  await take({ set: "models" });
  expect((await take({ set: "full" })).added.bytes).toBeLessThan(60_000);
});

test("what the repository has lost is stored again", async () => {
  const { take, store } = await scene();
  await take();
  for (const key of store.files.keys()) {
    if (key.startsWith("objects/")) store.files.delete(key);
  }
  const healed = await take();
  expect(healed.added.bytes).toBeGreaterThan(20_000_000);
  expect(await verify({ store, id: healed.snapshot.id })).toMatchObject({ ok: true });
});

test("without what this machine remembers, content is read but not stored again", async () => {
  const { take, workDirectory } = await scene();
  await take();
  rmSync(workDirectory, { recursive: true });
  expect((await take()).added.bytes).toBeLessThan(1000);
});

test("a list of files that was cut in the repository is written anew", async () => {
  const { take, store } = await scene();
  await take();
  const key = [...store.files.keys()].find((name) => name.endsWith(".page.zst")) ?? "";
  store.files.set(key, store.files.get(key)?.subarray(0, 30) ?? Buffer.alloc(0));
  const { snapshot: made } = await take();
  expect(await verify({ store, id: made.id })).toMatchObject({ ok: true });
});

test("a hard link outlives the other name, which vanishes while it is read again", async () => {
  const folder = temporaryFolder();
  const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
  writeTree(tree, { a: "two names", other: "o" });
  linkSync(join(tree, "a"), join(tree, "b"));
  const store = memoryStore();
  const now = () => new Date(Date.now() + 10_000);
  const source = everything(tree);
  await snapshot({ store, sources: [source], workDirectory, now });
  // Its content has to be read again, and it is gone by then.
  for (const key of store.files.keys()) {
    if (key.endsWith(".tar.zst")) store.files.delete(key);
  }
  const late = {
    ...source,
    async *members(context: SourceContext) {
      yield* source.members(context);
      rmSync(join(tree, "a"), { force: true });
    },
  };
  const report = await snapshot({ store, sources: [late], workDirectory, now });
  const target = join(folder, "out");
  await restore({ store, id: report.snapshot.id, target });
  expect(readFileSync(join(target, "b"), "utf8")).toBe("two names");
  expect(report.vanished).toEqual(["a"]);
});
