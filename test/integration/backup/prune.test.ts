import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pruneSnapshots } from "../../../src/backup/prune.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { everything, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";
import { memoryStore } from "./memory-store.ts";

const retention = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 1 };
const day = (number: number, hour = 0) => new Date(Date.UTC(2026, 0, number, hour));

test("a snapshot is given up first and removed a day later; a plan changes nothing", async () => {
  const folder = temporaryFolder();
  const repository = join(folder, "repository");
  writeTree(join(folder, "tree"), { a: "a" });
  const sources = [everything(join(folder, "tree"))];
  for (const number of [1, 2, 3]) {
    const id = `2026010${number}T000000Z-aaaa`;
    await snapshot({ repository, sources, id, now: () => day(number) });
  }
  const ids = async () => (await listSnapshots(repository)).map(({ id }) => id.slice(6, 8));
  const prune = (now: Date, plan = false, keep: string[] = []) =>
    pruneSnapshots({ repository, retention, now: () => now, plan, keep });
  const planned = await prune(day(4), true);
  expect(planned).toMatchObject({ trashed: [{}, {}], removed: [] });
  expect(await ids()).toEqual(["01", "02", "03"]);
  const held = await prune(day(4), true, ["20260102T000000Z-aaaa"]);
  expect(held.trashed).toEqual(["20260101T000000Z-aaaa"]);
  const done = await prune(day(4));
  expect(done.trashed).toEqual(planned.trashed);
  expect(done.trashedBytes).toBeGreaterThan(0);
  expect(done.kept.map(({ reasons }) => reasons)).toEqual([["last", "last verified"]]);
  expect(await ids()).toEqual(["03"]);
  expect(existsSync(join(repository, "snapshots/20260101T000000Z-aaaa/COMMIT"))).toBe(true);
  // Deleting the note is all it takes to bring a snapshot back.
  rmSync(join(repository, "trash/20260102T000000Z-aaaa.json"));
  expect(await ids()).toEqual(["02", "03"]);
  expect((await prune(day(4, 23))).removed).toEqual([]);
  expect((await prune(day(5))).removed).toEqual(["20260101T000000Z-aaaa"]);
  expect(existsSync(join(repository, "snapshots/20260101T000000Z-aaaa"))).toBe(false);
  expect(await ids()).toEqual(["03"]);
});

test("a damaged snapshot counts for nothing and is not removed", async () => {
  const tree = temporaryFolder();
  writeTree(tree, { a: "a" });
  const store = memoryStore();
  const sources = [everything(tree)];
  for (const number of [1, 2]) {
    const id = `2026010${number}T000000Z-aaaa`;
    await snapshot({ repository: store, sources, id, now: () => day(number) });
  }
  const damaged = "20260102T000000Z-aaaa";
  store.objects.set(`snapshots/${damaged}/COMMIT`, Buffer.from("{}"));
  const now = () => day(3);
  const report = await pruneSnapshots({ repository: store, retention, now, plan: false });
  expect(report).toMatchObject({ trashed: [], damaged: [damaged] });
  expect(await listSnapshots(store)).toHaveLength(2);
});
