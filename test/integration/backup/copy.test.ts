import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { generateIdentity, identityFileText } from "../../../src/backup/age/identity.ts";
import { type CopyOptions, copySnapshots } from "../../../src/backup/copy/copy.ts";
import { withLock } from "../../../src/backup/lock.ts";
import { readConfig } from "../../../src/backup/open-repository.ts";
import { pruneSnapshots } from "../../../src/backup/retention/prune.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { timeLimit } from "../../support/every.ts";
import { type MemoryStore, memoryStore } from "../../support/memory-store.ts";
import { everything, restore, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

const now = () => new Date();
const keys = [generateIdentity(), generateIdentity()];
const [first = keys[0], second] = keys;
const fileOf = (key = first) => (key === undefined ? "" : identityFileText(key, new Date(0)));
const recipient = (key = first) => key?.recipient ?? "";

/** Each of its chunks is an object of its own. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 4096) bytes.writeUInt32LE(at, at);
  return bytes;
}

/** Two snapshots of a folder that changes a little. */
async function scene(recipients: string[] = []) {
  const folder = temporaryFolder();
  const [tree, from] = [join(folder, "tree"), memoryStore()];
  // Two ids of the same second would be in any order.
  const take = (id: string) =>
    snapshot({
      id,
      store: from,
      sources: [everything(tree)],
      workDirectory: join(folder, "work"),
      recipients,
    });
  writeTree(tree, { large: noise(20_000_000), small: "one", "deep/small": "two" });
  const { snapshot: one } = await take("20260101T000000Z-aaaa");
  appendFileSync(join(tree, "small"), " and more");
  const { snapshot: two } = await take("20260102T000000Z-bbbb");
  return { folder, tree, from, ids: [one.id, two.id] };
}

const copy = (options: Pick<CopyOptions, "from" | "to" | "ids"> & Partial<CopyOptions>) =>
  copySnapshots({ guides: { "README.txt": "how to\n" }, now, ...options });

/** A store in memory that is asked for several things at once, each of which takes a while. */
function slowStore(): MemoryStore {
  const store = memoryStore();
  const put = store.put.bind(store);
  return Object.assign(store, {
    requestsAtOnce: 8,
    async put(key: string, content: Uint8Array) {
      await delay(Math.random() * 20);
      return put(key, content);
    },
  });
}

const listed = async (store: MemoryStore) => (await listSnapshots(store)).map(({ id }) => id);

test.each([
  ["plain", []],
  ["encrypted", [recipient()]],
])("a copy restores to the same tree, %s, and only what is missing is copied", async (_, to) => {
  const { folder, tree, from, ids } = await scene(to);
  const target = localStore(join(folder, "target"));
  const one = await copy({ from, to: target, ids: ids.slice(0, 1) });
  expect(one.snapshots).toMatchObject([{ id: ids[0], outcome: "copied", reason: null }]);
  expect(one.snapshots[0]?.addedObjects).toBe(one.snapshots[0]?.objects);
  const two = await copy({ from, to: target, ids });
  expect(two.snapshots).toMatchObject([
    { id: ids[0], outcome: "present", addedObjects: 0 },
    { id: ids[1], outcome: "copied", encrypted: to.length > 0 },
  ]);
  expect(two.snapshots[1]?.addedBytes).toBeLessThan(10_000);
  const [, id = ""] = ids;
  const identities = to.length === 0 ? [] : [fileOf()];
  expect(await verify({ store: target, id, identities })).toMatchObject({ ok: true });
  await restore({ store: target, id, identities, target: join(folder, "restored") });
  expect(describeTree(join(folder, "restored"))).toEqual(describeTree(tree));
  expect((await readConfig(target))?.recipients).toEqual(to);
  expect((await target.get("README.txt"))?.toString()).toBe("how to\n");
});

test("what several requests at once have copied is added up", async () => {
  const { from, ids } = await scene();
  const [id = ""] = ids;
  const { snapshots } = await copy({ from, to: slowStore(), ids: [id] });
  const objects = await objectsOf(from, id);
  const bytes = objects.reduce((sum, key) => sum + (from.files.get(key)?.length ?? 0), 0);
  const added = { addedObjects: objects.length, addedBytes: bytes };
  expect(snapshots).toMatchObject([{ objects: objects.length, ...added }]);
});

test("a target with other recipients, or none, keeps them and takes the snapshot as it is", async () => {
  const { from, ids } = await scene([recipient()]);
  const [id = ""] = ids;
  const tree = temporaryFolder();
  writeTree(tree, { own: "of the target" });
  for (const recipients of [[], [recipient(second)]]) {
    const to = memoryStore();
    const own = await snapshot({ store: to, sources: [everything(tree)], recipients });
    await copy({ from, to, ids: [id] });
    expect((await readConfig(to))?.recipients).toEqual(recipients);
    const identities = [fileOf()];
    expect(await verify({ store: to, id, identities })).toMatchObject({ ok: true });
    const ownKeys = recipients.length === 0 ? [] : [fileOf(second)];
    const later = await snapshot({ store: to, sources: [everything(tree)], recipients });
    for (const mine of [own, later]) {
      const check = { store: to, id: mine.snapshot.id, identities: ownKeys };
      expect(await verify(check)).toMatchObject({ ok: true, decrypted: true });
    }
    const all = { last: 9, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 1 };
    const later2 = () => new Date(Date.now() + 9 * 86_400_000);
    await pruneSnapshots({ store: to, retention: all, now: later2, plan: false });
    expect(await verify({ store: to, id, identities })).toMatchObject({ ok: true });
  }
});

test(
  "at whatever write a copy breaks off, nothing incomplete is listed, and it can go on",
  async () => {
    const { from, ids } = await scene();
    let writes = 0;
    const counting = memoryStore(() => void (writes += 1));
    await copy({ from, to: counting, ids });
    for (let failing = 1; failing <= writes; failing += 1) {
      let left = failing;
      const to = memoryStore(() => {
        left -= 1;
        if (left === 0) throw Object.assign(new Error("no room"), { code: "ENOSPC" });
      });
      const broken = await copy({ from, to, ids }).then(
        () => null,
        (error: unknown) => error,
      );
      // A lock that cannot be removed is nobody's, and no failure.
      if (broken !== null) expect(broken).toMatchObject({ code: "backup.full", exitCode: 8 });
      for (const id of await listed(to))
        expect(await verify({ store: to, id })).toMatchObject({ ok: true });
      const again = await copy({ from, to, ids });
      expect(again.snapshots.map(({ outcome }) => outcome)).not.toContain("failed");
      expect(await listed(to)).toEqual(ids);
    }
  },
  timeLimit(180_000),
);

test("a damaged object is not copied, nor is its snapshot; the others are", async () => {
  const { from, ids } = await scene();
  const [older = "", newer = ""] = ids;
  const own = await objectsOf(from, newer);
  const shared = new Set(await objectsOf(from, older));
  const [only = ""] = own.filter((key) => !shared.has(key));
  const bytes = from.files.get(only) ?? Buffer.alloc(1);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  const to = memoryStore();
  const { snapshots } = await copy({ from, to, ids });
  expect(snapshots).toMatchObject([
    { id: older, outcome: "copied" },
    { id: newer, outcome: "failed", reason: expect.stringContaining("other bytes") },
  ]);
  expect(await listed(to)).toEqual([older]);
});

async function objectsOf({ files }: MemoryStore, id: string): Promise<string[]> {
  const list = files.get(`snapshots/${id}/objects`)?.toString() ?? "";
  return list.split("\n").flatMap((line) => (line === "" ? [] : [line.slice(66)]));
}

test("a copy mends what its target has lost, and brings back what lies in the trash there", async () => {
  const { from, ids } = await scene();
  const [id = ""] = ids;
  const to = memoryStore();
  await copy({ from, to, ids });
  const [lost = ""] = await objectsOf(to, id);
  to.files.delete(lost);
  to.files.set(`trash/${id}.json`, Buffer.from(JSON.stringify({ id, trashedAt: now() })));
  const { snapshots } = await copy({ from, to, ids: [id] });
  expect(snapshots).toMatchObject([{ outcome: "present", addedObjects: 1 }]);
  expect(await verify({ store: to, id })).toMatchObject({ ok: true });
  expect(await listed(to)).toContain(id);
  to.files.set(`snapshots/${id}/COMMIT`, Buffer.from("{}"));
  expect((await copy({ from, to, ids: [id] })).snapshots).toMatchObject([{ outcome: "copied" }]);
});

test("a copy mends what a verification found damaged in its target", async () => {
  const { from, ids } = await scene();
  const [id = ""] = ids;
  const to = memoryStore();
  await copy({ from, to, ids });
  const [object = ""] = await objectsOf(to, id);
  const bytes = to.files.get(object) ?? Buffer.alloc(1);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  expect(await verify({ store: to, id })).toMatchObject({ ok: false });
  const { snapshots } = await copy({ from, to, ids: [id] });
  expect(snapshots).toMatchObject([{ outcome: "present", addedObjects: 1 }]);
  expect(await verify({ store: to, id })).toMatchObject({ ok: true });
  const again = await copy({ from, to, ids: [id] });
  expect(again.snapshots).toMatchObject([{ outcome: "present", addedObjects: 0 }]);
});

test("another snapshot of the same id is left alone", async () => {
  const { from, ids, tree } = await scene();
  const [id = ""] = ids;
  const to = memoryStore();
  writeFileSync(join(tree, "small"), "another");
  await snapshot({ store: to, sources: [everything(tree)], id });
  const before = to.files.get(`snapshots/${id}/COMMIT`);
  await expect(copy({ from, to, ids: [id] })).rejects.toMatchObject({ exitCode: 2 });
  expect(to.files.get(`snapshots/${id}/COMMIT`)).toBe(before);
});

test("notes of a verification are copied where they are about this very snapshot", async () => {
  const { from, ids } = await scene();
  const [verified = "", foreign = ""] = ids;
  await verify({ store: from, id: verified });
  const note = { commit: "0".repeat(64), at: now().toISOString(), ok: true };
  from.files.set(`snapshots/${foreign}/verified.json`, Buffer.from(JSON.stringify(note)));
  const to = memoryStore();
  await copy({ from, to, ids });
  const [one] = await listSnapshots(from);
  expect((await listSnapshots(to))[0]?.verification).toEqual(one?.verification);
  expect(to.files.has(`snapshots/${foreign}/verified.json`)).toBe(false);
});

test("nothing is copied into a repository that another run uses", async () => {
  const { from, ids } = await scene();
  const to = memoryStore();
  await withLock({ store: to, purpose: "testing", now }, async () => {
    await expect(copy({ from, to, ids })).rejects.toMatchObject({ exitCode: 7 });
  });
  expect(await listed(to)).toEqual([]);
});

test("a copy that is interrupted leaves no snapshot behind", async () => {
  const { from, ids } = await scene();
  const to = memoryStore();
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error("stopped"));
  await expect(copy({ from, to, ids, signal: stop.signal, onProgress })).rejects.toThrow("stopped");
  expect(await listed(to)).toEqual([]);
  expect([...to.files.keys()].filter((key) => key.startsWith("locks/"))).toEqual([]);
});
