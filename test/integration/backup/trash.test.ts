import * as fc from "fast-check";
import { expect, test } from "vitest";
import { withLock } from "../../../src/backup/lock.ts";
import { pruneSnapshots } from "../../../src/backup/retention/prune.ts";
import { listTrash, undeleteSnapshots } from "../../../src/backup/retention/trash.ts";
import { listSnapshots, readSummaries } from "../../../src/backup/summary.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { everything, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";

const retention = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 1 };
const start = Date.now();
const hour = (number: number) => new Date(start + number * 3_600_000);
const ids = ["20260101T000000Z-aaaa", "20260102T000000Z-aaaa", "20260103T000000Z-aaaa"];

/** Three snapshots, of which a prune has given up the first two. */
async function scene() {
  const tree = temporaryFolder();
  const store = memoryStore();
  for (const [number, id] of ids.entries()) {
    writeTree(tree, { file: `content ${number}` });
    await snapshot({ store, sources: [everything(tree)], id, now: () => hour(number - 3) });
  }
  const prune = (now: Date) => pruneSnapshots({ store, retention, now: () => now, plan: false });
  await prune(hour(0));
  return { store, prune, listed: async () => (await listSnapshots(store)).map(({ id }) => id) };
}

test("what was given up is listed with the time until which it is kept", async () => {
  const { store, listed } = await scene();
  expect(await listed()).toEqual([ids[2]]);
  const [trashed, keptUntil] = [hour(0).toISOString(), hour(24).toISOString()];
  expect(await listTrash(store)).toEqual(ids.slice(0, 2).map((id) => ({ id, trashed, keptUntil })));
  const summaries = await readSummaries(store, ids.slice(0, 2));
  expect(summaries).toMatchObject([{ id: ids[0], damaged: null }, { id: ids[1] }]);
});

test("what is brought back is listed again, whole, and outlives the time in the trash", async () => {
  const { store, prune, listed } = await scene();
  const [id = ""] = ids;
  expect(await undeleteSnapshots({ store, ids: [id], now: () => hour(1) })).toEqual([id]);
  expect(await listed()).toEqual([id, ids[2]]);
  expect(await verify({ store, id })).toMatchObject({ ok: true });
  const { removed, trashed } = await prune(hour(25));
  expect({ removed, trashed }).toEqual({ removed: [ids[1]], trashed: [id] });
});

test("what a prune has removed meanwhile does not come back, nor a half-removed snapshot", async () => {
  const { store, prune } = await scene();
  await store.remove(`snapshots/${ids[1]}/COMMIT`);
  expect((await listTrash(store)).map(({ id }) => id)).toEqual([ids[0]]);
  await prune(hour(25));
  expect(await undeleteSnapshots({ store, ids, now: () => hour(26) })).toEqual([]);
});

test("nothing is brought back while another run uses the repository", async () => {
  const { store } = await scene();
  const now = () => hour(1);
  await withLock({ store, purpose: "testing", now }, async () => {
    await expect(undeleteSnapshots({ store, ids, now })).rejects.toMatchObject({ exitCode: 7 });
  });
  expect(await listTrash(store)).toHaveLength(2);
});

test("a note that cannot be read leaves its snapshot in the trash, without a time", async () => {
  const { store } = await scene();
  const anything = fc.oneof(
    fc.string(),
    fc.json(),
    fc.anything().map((value) => JSON.stringify({ id: ids[0], trashedAt: value }) ?? ""),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (note) => {
      store.files.set(`trash/${ids[0]}.json`, Buffer.from(note));
      const [first] = await listTrash(store);
      expect(first?.id).toBe(ids[0]);
      const times = [first?.trashed, first?.keptUntil];
      expect(times.every((time) => time === null || !Number.isNaN(Date.parse(time ?? "")))).toBe(
        true,
      );
    }),
  );
});
