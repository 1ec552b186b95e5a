import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { generateIdentity } from "../../../src/backup/age/identity.ts";
import { pruneSnapshots } from "../../../src/backup/retention/prune.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { stride, timeLimit } from "../../support/every.ts";
import { everything, restore, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

const disk = mkdtempSync(join(tmpdir(), "studio-small-disk-"));
const mounted = mountSmallDisk();
const page = 4096;
const keepingTimes = { recursive: true, preserveTimestamps: true };

/** A file system of its own, in memory: tells whether it can be had. */
function mountSmallDisk(): boolean {
  const argv = ["-t", "tmpfs", "-o", "size=8m,nr_inodes=400", "tmpfs", disk];
  const { status, stderr, error } = spawnSync("mount", argv, { encoding: "utf8" });
  if (status === 0) return true;
  process.stderr.write(`small disk tests skipped: ${error?.message ?? stderr.trim()}\n`);
  rmSync(disk, { recursive: true });
  return false;
}

/** Leaves so many pages of the disk free, or so many inodes. */
function leave(kind: "pages" | "inodes", count: number): void {
  const { bfree, bsize, ffree } = statfsSync(disk);
  mkdirSync(join(disk, "filler"));
  if (kind === "pages") {
    const bytes = bfree * bsize - count * page;
    if (bytes > 0) writeFileSync(join(disk, "filler", "0"), Buffer.alloc(bytes));
    return;
  }
  for (let number = 1; number < ffree - count; number += 1) {
    writeFileSync(join(disk, "filler", String(number)), "");
  }
}

function scene(encrypted: boolean) {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  writeTree(tree, { a: "a", "b/c": randomBytes(3000), large: randomBytes(1_100_000) });
  const { identity, recipient } = generateIdentity();
  const options = { sources: [everything(tree)], recipients: encrypted ? [recipient] : [] };
  return { folder, tree, options, identities: encrypted ? [identity] : [] };
}

function clear(): void {
  for (const name of ["filler", "repository", "work", "target", "kept"]) {
    rmSync(join(disk, name), { recursive: true, force: true });
  }
}

describe.skipIf(!mounted)("on a small disk", () => {
  afterEach(clear);

  afterAll(() => {
    spawnSync("umount", [disk]);
    rmSync(disk, { recursive: true });
  });

  test.each([
    { kind: "pages", encrypted: false, step: 40 },
    { kind: "pages", encrypted: true, step: 60 },
    { kind: "inodes", encrypted: false, step: 2 },
  ] as const)(
    "whatever $kind are left, a snapshot is whole or there is none, encrypted: $encrypted",
    async ({ kind, encrypted, step }) => {
      const one = scene(encrypted);
      const start = join(one.folder, "start");
      const first = "20260101T000000Z-aaaa";
      const at = (place: string) => ({
        store: localStore(join(place, "repository")),
        workDirectory: join(place, "work"),
      });
      await snapshot({ ...one.options, ...at(start), id: first });
      const before = describeTree(one.tree);
      writeTree(one.tree, { a: "b", new: "new", large: randomBytes(1_200_000) });
      const id = "20260102T000000Z-aaaa";
      let failed = 0;
      for (let count = 0, made = false; !made; count += stride(step)) {
        clear();
        cpSync(start, disk, keepingTimes);
        leave(kind, count);
        const { bfree } = statfsSync(disk);
        const { store, workDirectory } = at(disk);
        const error: unknown = await snapshot({ ...one.options, store, workDirectory, id }).then(
          () => null,
          (reason: unknown) => reason,
        );
        made = error === null;
        const where = `${count} ${kind} left`;
        if (error !== null) {
          failed += 1;
          expect(error, where).toMatchObject({ code: "backup.full", exitCode: 8 });
          // What did not become a snapshot takes no room.
          expect(statfsSync(disk).bfree, where).toBeGreaterThanOrEqual(bfree - 20);
        }
        const ids = (await listSnapshots(store)).map((summary) => summary.id);
        expect(ids, where).toEqual(made ? [first, id] : [first]);
        rmSync(join(disk, "filler"), { recursive: true });
        for (const listed of ids) {
          const report = await verify({ store, id: listed, identities: one.identities });
          expect(report.problems, where).toEqual([]);
        }
        const target = join(one.folder, "out");
        rmSync(target, { recursive: true, force: true });
        await restore({ store, id: first, identities: one.identities, target });
        expect(describeTree(target), where).toEqual(before);
      }
      expect(failed).toBeGreaterThan(3);
    },
    600_000,
  );

  test(
    "whatever room is left, a restore is whole, or says so and goes on when there is more",
    async () => {
      const one = scene(false);
      const store = localStore(join(one.folder, "repository"));
      const { snapshot: made } = await snapshot({ ...one.options, store });
      const [target, keepReplacedIn] = [join(disk, "target"), join(disk, "kept")];
      const run = () =>
        restore({ store, id: made.id, target, keepReplacedIn, conflict: "always" as const });
      let failed = 0;
      for (let count = 0, done = false; !done; count += stride(20)) {
        clear();
        writeTree(target, { a: "mine" });
        leave("pages", count);
        const error: unknown = await run().then(
          () => null,
          (reason: unknown) => reason,
        );
        rmSync(join(disk, "filler"), { recursive: true });
        done = error === null;
        if (error !== null) {
          failed += 1;
          expect(error, `${count}`).toMatchObject({ code: "restore.full", exitCode: 8 });
          await run();
        }
        expect(describeTree(target), `${count}`).toEqual(describeTree(one.tree));
      }
      expect(failed).toBeGreaterThan(3);
    },
    timeLimit(300_000),
  );

  test(
    "a full disk can be pruned once there is room for a note",
    async () => {
      const one = scene(false);
      const store = localStore(join(disk, "repository"));
      for (const number of [1, 2, 3]) {
        writeTree(one.tree, { large: randomBytes(1_100_000) });
        await snapshot({ ...one.options, store, id: `2026010${number}T000000Z-aaaa` });
      }
      const counts = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
      const retention = { ...counts, last: 1, floor: 1 };
      const prune = (days: number) =>
        pruneSnapshots({
          store,
          retention,
          now: () => new Date(Date.now() + days * 86_400_000),
          plan: false,
        });
      let failed = 0;
      for (let count = 0; ; count += 1) {
        leave("pages", count);
        const error: unknown = await prune(1).then(
          () => null,
          (reason: unknown) => reason,
        );
        rmSync(join(disk, "filler"), { recursive: true });
        if (error === null) break;
        failed += 1;
        expect(error).toMatchObject({ code: "backup.full" });
        const [last] = (await listSnapshots(store)).slice(-1);
        expect(await verify({ store, id: last?.id ?? "" })).toMatchObject({ ok: true });
      }
      expect(failed).toBeLessThan(12);
      expect((await prune(3)).removed).toHaveLength(2);
      expect(await verify({ store, id: "20260103T000000Z-aaaa" })).toMatchObject({ ok: true });
    },
    timeLimit(180_000),
  );
});
