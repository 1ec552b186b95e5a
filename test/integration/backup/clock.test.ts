import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { pruneSnapshots } from "../../../src/backup/retention/prune.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { createIdentifier } from "../../../src/identifier.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { rounds, timeLimit } from "../../support/every.ts";
import { everything, restore, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

const anHour = 3_600_000;
const retention = { last: 2, hourly: 0, daily: 3, weekly: 0, monthly: 0, yearly: 0, floor: 2 };

/** What a clock does between two backups, in hours. */
const leap = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 30 }) },
  { weight: 1, arbitrary: fc.constant(31 * 24) },
  { weight: 1, arbitrary: fc.integer({ min: -2000, max: -1 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1000, max: 50_000 }) },
);

test(
  "whatever the clock does, each snapshot is right and the newest is never given up",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(leap, { minLength: 3, maxLength: 7 }), async (leaps) => {
        const folder = temporaryFolder();
        const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
        const store = memoryStore();
        const sources = [everything(tree)];
        const trees = new Map<string, ReturnType<typeof describeTree>>();
        let time = Date.now();
        for (const [index, hours] of leaps.entries()) {
          time += hours * anHour;
          const now = (): Date => new Date(time);
          // The second file changes without a change of its size.
          writeTree(tree, { [`f${index}`]: "new", same: String(index) });
          const id = createIdentifier(now());
          await snapshot({ store, sources, workDirectory, id, now });
          trees.set(id, describeTree(tree));
          const planned = await pruneSnapshots({ store, retention, now, plan: true });
          const done = await pruneSnapshots({ store, retention, now, plan: false });
          expect({ ...done, plan: true, freedBytes: 0 }).toEqual({ ...planned, freedBytes: 0 });
          const listed = (await listSnapshots(store)).map((one) => one.id);
          expect(listed).toContain(id);
          expect(listed.length).toBeGreaterThanOrEqual(Math.min(retention.floor, index + 1));
          for (const one of listed)
            expect(await verify({ store, id: one })).toMatchObject({ ok: true });
          const target = join(folder, `out-${id}`);
          await restore({ store, id, target });
          expect(describeTree(target)).toEqual(trees.get(id));
        }
      }),
      { numRuns: rounds(3, 40) },
    );
  },
  timeLimit(300_000),
);

test("after a month in which the host was off, one bucket is given up for the new one", async () => {
  const folder = temporaryFolder();
  const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
  const store = memoryStore();
  const daily = { ...retention, last: 1, daily: 3, floor: 1 };
  let time = Date.parse("2026-03-01T02:00:00Z");
  const ids: string[] = [];
  for (const hours of [0, 24, 24, 24, 31 * 24]) {
    time += hours * anHour;
    const now = (): Date => new Date(time);
    writeTree(tree, { f: String(time) });
    const id = createIdentifier(now());
    ids.push(id);
    await snapshot({ store, sources: [everything(tree)], workDirectory, id, now });
    await pruneSnapshots({ store, retention: daily, now, plan: false });
  }
  expect((await listSnapshots(store)).map(({ id }) => id)).toEqual(ids.slice(-3));
});

test("a file that changes in the tick in which it was read is read again", async () => {
  const folder = temporaryFolder();
  const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
  const store = memoryStore();
  writeTree(tree, { racy: "before" });
  const sources = [everything(tree)];
  // As the next write in the same tick would: neither size nor times tell.
  const report = await snapshot({
    store,
    sources,
    workDirectory,
    onProgress: () => writeFileSync(join(tree, "racy"), "after!"),
  });
  expect(report.snapshot.counts.files).toBe(1);
  const second = await snapshot({ store, sources, workDirectory });
  const target = join(folder, "out");
  await restore({ store, id: second.snapshot.id, target });
  expect(describeTree(target)).toEqual(describeTree(tree));
});
