import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { pruneSnapshots } from "../../../src/backup/retention/prune.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { stride } from "../../support/every.ts";
import { type FaultyDisk, faultyDisk } from "../../support/faulty-disk.ts";
import { everything, restore, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

let disk: FaultyDisk | null = null;

afterEach(() => {
  disk?.remove();
  disk = null;
});

const retention = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 1 };
const aDay = 24 * 3_600_000;
const keepingTimes = { recursive: true, preserveTimestamps: true };

/** A repository in which one snapshot is due to be removed, one to be given up, and one stays. */
async function scene() {
  const folder = temporaryFolder();
  const [tree, start] = [join(folder, "tree"), join(folder, "start")];
  const store = localStore(start);
  const options = { store, sources: [everything(tree)], workDirectory: join(folder, "work") };
  const trees: Record<string, ReturnType<typeof describeTree>> = {};
  for (const number of [1, 2, 3]) {
    writeTree(tree, { kept: "always there", [`only${number}`]: `${number} `.repeat(500_000) });
    if (number > 1) rmSync(join(tree, `only${number - 1}`));
    const id = `2026010${number}T000000Z-aaaa`;
    await snapshot({ ...options, id, now: () => new Date(Date.now() + number * 1000) });
    trees[id] = describeTree(tree);
    const now = () => new Date(Date.now() + number * 1000);
    if (number === 2) await pruneSnapshots({ store, retention, now, plan: false });
  }
  return { folder, start, trees };
}

test.each(["full", "once", "dead", "torn"] as const)(
  "a prune under which the disk is %s at any change removes nothing that is needed, and goes on",
  async (fault) => {
    const one = await scene();
    const place = join(one.folder, "place");
    const store = localStore(place);
    const spied = faultyDisk(place);
    disk = spied;
    const now = () => new Date(Date.now() + 2 * aDay);
    const prune = () => pruneSnapshots({ store, retention, now, plan: false });
    let struck = 0;
    for (let at = 1; ; at += stride(3)) {
      rmSync(place, { recursive: true, force: true });
      cpSync(one.start, place, keepingTimes);
      spied.arm(fault, at);
      const error: unknown = await prune().then(
        () => null,
        (reason: unknown) => reason,
      );
      spied.heal();
      const change = spied.changes[at - 1];
      const where = `${fault} at ${at}: ${change?.call} ${change?.path}`;
      const listed = await listSnapshots(store);
      expect(
        listed.map(({ id }) => id),
        where,
      ).toContain("20260103T000000Z-aaaa");
      for (const { id } of listed) {
        expect((await verify({ store, id })).problems, `${where} ${id}`).toEqual([]);
        const target = join(one.folder, "out");
        rmSync(target, { recursive: true, force: true });
        await restore({ store, id, target });
        expect(describeTree(target), where).toEqual(one.trees[id]);
      }
      if (error !== null) {
        expect(error, where).toMatchObject({ code: expect.stringMatching(/^backup\./) as string });
      }
      const again = await prune();
      expect(again.removed.length, where).toBeLessThanOrEqual(1);
      expect((await listSnapshots(store)).map(({ id }) => id)).toEqual(["20260103T000000Z-aaaa"]);
      expect(await verify({ store, id: "20260103T000000Z-aaaa" })).toMatchObject({ ok: true });
      if (change === undefined) break;
      struck += 1;
    }
    expect(struck).toBeGreaterThan(7);
  },
  120_000,
);

test.each(["full", "once", "dead", "torn"] as const)(
  "a verification whose note cannot be written, the disk being %s, still tells what it found",
  async (fault) => {
    const one = await scene();
    const place = join(one.folder, "place");
    const store = localStore(place);
    const spied = faultyDisk(place);
    disk = spied;
    const id = "20260103T000000Z-aaaa";
    for (let at = 1; ; at += 1) {
      rmSync(place, { recursive: true, force: true });
      cpSync(one.start, place, keepingTimes);
      spied.arm(fault, at);
      const report = await verify({ store, id });
      spied.heal();
      const struck = spied.changes.length >= at;
      expect(report, `${fault} at ${at}`).toMatchObject({ ok: true, recorded: !struck });
      const listed = await listSnapshots(store);
      expect(listed.find((summary) => summary.id === id)?.verification?.ok).toBe(true);
      if (!struck) break;
    }
  },
  180_000,
);
