import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pruneSnapshots } from "../../../src/backup/retention/prune.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { everything, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";

const retention = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 1 };
const aDay = 24 * 3_600_000;
const start = Date.now();
/** Days from now: what is stored is as old as it is. */
const day = (number: number, hour = 0) => new Date(start + (number * 24 + hour) * 3_600_000);

async function scene() {
  const folder = temporaryFolder();
  const [tree, store] = [join(folder, "tree"), memoryStore()];
  const options = { store, sources: [everything(tree)], workDirectory: join(folder, "work") };
  for (const number of [1, 2, 3]) {
    writeTree(tree, { kept: "always there", [`only${number}`]: `${number} `.repeat(500_000) });
    if (number > 1) rmSync(join(tree, `only${number - 1}`));
    await snapshot({ ...options, id: `2026010${number}T000000Z-aaaa`, now: () => day(number) });
  }
  return { store, ids: async () => (await listSnapshots(store)).map(({ id }) => id.slice(6, 8)) };
}

test("a snapshot is given up first and removed a day later, with what it alone needed", async () => {
  const { store, ids } = await scene();
  const prune = (now: Date, plan = false, keep: string[] = []) =>
    pruneSnapshots({ store, retention, now: () => now, plan, keep });
  const planned = await prune(day(4), true);
  expect(planned).toMatchObject({ trashed: [{}, {}], removed: [] });
  expect(await ids()).toEqual(["01", "02", "03"]);
  const held = await prune(day(4), true, ["20260102T000000Z-aaaa"]);
  expect(held.trashed).toEqual(["20260101T000000Z-aaaa"]);
  const done = await prune(day(4));
  expect(done).toMatchObject({ trashed: planned.trashed, freedBytes: 0 });
  expect(await ids()).toEqual(["03"]);
  expect(store.files.has("snapshots/20260101T000000Z-aaaa/COMMIT")).toBe(true);
  // Deleting the note is all it takes to bring a snapshot back.
  await store.remove("trash/20260102T000000Z-aaaa.json");
  expect(await ids()).toEqual(["02", "03"]);
  expect((await prune(day(4, 23))).removed).toEqual([]);
  const removed = await prune(day(5));
  expect(removed.removed).toEqual(["20260101T000000Z-aaaa"]);
  expect(removed.freedBytes).toBeGreaterThan(0);
  expect([...store.files.keys()].some((key) => key.includes("20260101T000000Z-aaaa"))).toBe(false);
  for (const { id } of await listSnapshots(store)) {
    expect(await verify({ store, id })).toMatchObject({ ok: true });
  }
});

test("objects that no snapshot names stay for a day: a run may be about to name them", async () => {
  const { store } = await scene();
  const orphan = `objects/ab/${"ab".repeat(32)}.zst`;
  await store.put(orphan, Buffer.from("left by a crash"));
  const all = { ...retention, last: 9 };
  await pruneSnapshots({ store, retention: all, now: () => new Date(), plan: false });
  expect(store.files.has(orphan)).toBe(true);
  const later = new Date(Date.now() + aDay + 1000);
  await pruneSnapshots({ store, retention: all, now: () => later, plan: false });
  expect(store.files.has(orphan)).toBe(false);
});

test("nothing is removed while a snapshot cannot tell what it needs", async () => {
  const { store } = await scene();
  const damaged = "20260102T000000Z-aaaa";
  store.files.set(`snapshots/${damaged}/objects`, Buffer.from("no list\n"));
  const before = [...store.files.keys()].filter((key) => key.startsWith("objects/"));
  await pruneSnapshots({ store, retention, now: () => day(4), plan: false });
  await pruneSnapshots({ store, retention, now: () => day(9), plan: false, keep: [damaged] });
  const after = [...store.files.keys()].filter((key) => key.startsWith("objects/"));
  expect(after.length).toBeGreaterThan(0);
  expect(before).toEqual(expect.arrayContaining(after));
});

test("a damaged snapshot counts for nothing and is not removed", async () => {
  const { store } = await scene();
  const damaged = "20260103T000000Z-aaaa";
  store.files.set(`snapshots/${damaged}/COMMIT`, Buffer.from("{}"));
  const report = await pruneSnapshots({ store, retention, now: () => day(4), plan: false });
  expect(report).toMatchObject({ trashed: ["20260101T000000Z-aaaa"], damaged: [damaged] });
  expect(await listSnapshots(store)).toHaveLength(2);
});

test("a list of objects that has lost a line has nothing removed", async () => {
  const { store, ids } = await scene();
  const key = "snapshots/20260103T000000Z-aaaa/objects";
  const lines = store.files.get(key)?.toString().trim().split("\n") ?? [];
  store.files.set(key, Buffer.from(`${lines.slice(1).join("\n")}\n`));
  const before = [...store.files.keys()].filter((name) => name.startsWith("objects/"));
  for (const number of [4, 6, 8]) {
    await pruneSnapshots({ store, retention, now: () => day(number), plan: false });
  }
  expect(await ids()).toEqual(["03"]);
  expect([...store.files.keys()]).toEqual(expect.arrayContaining(before));
});

test("a note in the trash that tells of another snapshot removes none", async () => {
  const { store } = await scene();
  await pruneSnapshots({ store, retention, now: () => day(4), plan: false });
  const [first, second] = ["20260101T000000Z-aaaa", "20260102T000000Z-aaaa"];
  const old = { id: second, trashedAt: day(-400).toISOString() };
  await store.put(`trash/${first}.json`, Buffer.from(JSON.stringify(old)));
  const report = await pruneSnapshots({ store, retention, now: () => day(4), plan: false });
  expect(report).toMatchObject({ removed: [], waiting: [first, second] });
});
