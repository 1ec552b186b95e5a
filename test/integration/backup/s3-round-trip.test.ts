import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { generateIdentity } from "../../../src/backup/age/identity.ts";
import { copySnapshots } from "../../../src/backup/copy/copy.ts";
import { readGuides } from "../../../src/backup/guides.ts";
import { pruneSnapshots } from "../../../src/backup/retention/prune.ts";
import type { Store } from "../../../src/backup/store/store.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import {
  type Fault,
  type FaultyProxy,
  type ProxyOptions,
  startFaultyProxy,
} from "../../support/faulty-proxy.ts";
import { timeLimit } from "../../support/every.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { type TestS3, credentials, s3Store, startS3 } from "../../support/s3.ts";
import { everything, restore, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

let server: TestS3 | null = null;

beforeAll(async () => {
  server = await startS3();
});

afterAll(() => server?.stop());

const noServer = "there is no S3 server";
const patience = timeLimit(180_000);

interface Bucket {
  store: Store;
  proxy: FaultyProxy;
  /** Of the server itself. */
  endpoint: string;
  bucket: string;
}

/** An empty bucket, behind a proxy. */
async function bucketBehind(
  options: Omit<ProxyOptions, "endpoint"> = {},
  patience = 20_000,
): Promise<Bucket | null> {
  if (server === null) return null;
  const { endpoint } = server;
  const proxy = await startFaultyProxy({ endpoint, ...options });
  onTestFinished(() => proxy.stop());
  const bucket = await server.createBucket();
  const store = await s3Store({ endpoint: proxy.endpoint, bucket, patience });
  onTestFinished(() => store.close());
  return { store, proxy, endpoint, bucket };
}

/** Small files for several archives, and one of several chunks. */
function buildTree(tree: string): void {
  for (let number = 0; number < 24; number += 1) {
    writeTree(tree, { [`small/${number}`]: randomBytes(150_000) });
  }
  writeTree(tree, { large: randomBytes(9_000_000) });
}

const faults: Fault[] = ["500", "503", "lost request", "lost answer", "cut answer"];

describe.each([false, true])("a snapshot in a bucket, encrypted: %s", (encrypted) => {
  test(
    "comes back whole, although every third request fails",
    async (context) => {
      const everyThird = (number: number): Fault | null =>
        number % 3 === 0 ? (faults[(number / 3) % faults.length] ?? null) : null;
      const made = await bucketBehind({ fault: everyThird }, 180_000);
      if (made === null) return context.skip(noServer);
      const { store } = made;
      const folder = temporaryFolder();
      const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
      buildTree(tree);
      const { identity, recipient } = generateIdentity();
      const identities = encrypted ? [`${identity}\n`] : [];
      const recipients = encrypted ? [recipient] : [];
      const options = { store, sources: [everything(tree)], recipients, workDirectory };
      const first = await snapshot({ ...options, id: "20260101T000000Z-aaaa" });
      expect(first).toMatchObject({ skipped: [], vanished: [] });
      writeTree(tree, { "small/0": "changed" });
      const second = await snapshot({ ...options, id: "20260102T000000Z-bbbb" });
      expect(second.added.bytes).toBeLessThan(100_000);
      const { id } = second.snapshot;
      const listed = await listSnapshots(store);
      expect(listed.map((one) => one.id)).toEqual([first.snapshot.id, id]);
      const report = await verify({ store, id, identities });
      expect(report).toMatchObject({ ok: true, problems: [], decrypted: true });
      const target = join(folder, "out");
      await restore({ store, id, identities, target });
      expect(describeTree(target)).toEqual(describeTree(tree));
      const retention = {
        last: 1,
        hourly: 0,
        daily: 0,
        weekly: 0,
        monthly: 0,
        yearly: 0,
        floor: 1,
      };
      const prune = (day: number) =>
        pruneSnapshots({ store, retention, plan: false, now: () => new Date(Date.now() + day) });
      expect(await prune(0)).toMatchObject({ trashed: [first.snapshot.id], removed: [] });
      const twoDays = 2 * 86_400_000;
      expect(await prune(twoDays)).toMatchObject({ removed: [first.snapshot.id], waiting: [] });
      expect(await verify({ store, id, identities })).toMatchObject({ ok: true });
    },
    timeLimit(180_000),
  );
});

test(
  "a copy of the bucket is restored by stock tools",
  async (context) => {
    const made = await bucketBehind();
    if (made === null) return context.skip(noServer);
    if (spawnSync("zstd", ["--version"]).error !== undefined)
      return context.skip("there is no zstd");
    const { store } = made;
    const folder = temporaryFolder();
    const tree = join(folder, "tree");
    writeTree(tree, { "small/a": "a", large: randomBytes(5_000_000) });
    const guides = readGuides(resolve(import.meta.dirname, "../../../templates"));
    const { snapshot: taken } = await snapshot({ store, sources: [everything(tree)], guides });
    const copy = join(folder, "copy");
    for await (const { key } of store.list("")) {
      writeTree(copy, { [key]: (await store.get(key)) ?? "" });
    }
    const target = join(folder, "by hand");
    execFileSync("sh", [join(copy, "restore.sh"), taken.id, target]);
    // tar keeps whole seconds.
    expect(describeTree(target, 1_000_000)).toEqual(describeTree(tree, 1_000_000));
    const list = ["--check", "--quiet", join("snapshots", taken.id, "objects")];
    expect(spawnSync("sha256sum", list, { cwd: copy }).status).toBe(0);
  },
  patience,
);

test(
  "where each request takes a while, several are under way, and never too many",
  async (context) => {
    const made = await bucketBehind({ delay: 40 });
    if (made === null) return context.skip(noServer);
    const { store, proxy } = made;
    const folder = temporaryFolder();
    const tree = join(folder, "tree");
    buildTree(tree);
    const mostWhile = async (action: () => Promise<unknown>): Promise<number> => {
      proxy.most = 0;
      await action();
      return proxy.most;
    };
    const id = "20260101T000000Z-aaaa";
    const most = {
      create: await mostWhile(() => snapshot({ store, id, sources: [everything(tree)] })),
      verify: await mostWhile(() => verify({ store, id })),
      restore: await mostWhile(() => restore({ store, id, target: join(folder, "out") })),
    };
    for (const [name, count] of Object.entries(most)) {
      expect(count, name).toBeGreaterThanOrEqual(4);
      expect(count, name).toBeLessThanOrEqual(16);
    }
    expect(describeTree(join(folder, "out"))).toEqual(describeTree(tree));
  },
  patience,
);

test(
  "kill -9 at any write harms no earlier snapshot, and the next run works",
  async (context) => {
    if (server === null) return context.skip(noServer);
    const { endpoint } = server;
    const bucket = await server.createBucket();
    const store = await s3Store({ endpoint, bucket });
    onTestFinished(() => store.close());
    const folder = temporaryFolder();
    const [tree, work] = [join(folder, "tree"), join(folder, "work")];
    writeTree(tree, { "small/a": "a", large: randomBytes(9_000_000) });
    const first = await snapshot({ store, sources: [everything(tree)], workDirectory: work });
    const content = describeTree(tree);
    const program = join(import.meta.dirname, "killed-create.ts");
    let killed = 0;
    for (let at = 2; ; at += 5) {
      writeTree(tree, { large: randomBytes(9_000_000) });
      const argv = [program, `${endpoint}/${bucket}`, tree, work, String(at)];
      const { signal, status, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
      if (signal !== "SIGKILL") {
        expect(status, stderr).toBe(0);
        break;
      }
      killed += 1;
      for (const { id } of await listSnapshots(store)) {
        expect(await verify({ store, id }), `killed at ${at}`).toMatchObject({ ok: true });
      }
    }
    expect(killed).toBeGreaterThan(2);
    const next = await snapshot({ store, sources: [everything(tree)], workDirectory: work });
    const target = join(folder, "out");
    await restore({ store, id: next.snapshot.id, target });
    expect(describeTree(target)).toEqual(describeTree(tree));
    rmSync(target, { recursive: true });
    await restore({ store, id: first.snapshot.id, target });
    expect(describeTree(target)).toEqual(content);
    for await (const { key } of store.list("locks/")) expect(key).toBe("none");
  },
  timeLimit(120_000),
);

test(
  "of two that create at once one waits for the other",
  async (context) => {
    const made = await bucketBehind({ delay: 5 });
    if (made === null) return context.skip(noServer);
    const other = await s3Store({ endpoint: made.endpoint, bucket: made.bucket });
    onTestFinished(() => other.close());
    const folder = temporaryFolder();
    const tree = join(folder, "tree");
    writeTree(tree, { a: randomBytes(3_000_000), b: "b" });
    const options = { sources: [everything(tree)], lockWait: 30_000 };
    const both = await Promise.all([
      snapshot({ ...options, store: made.store, id: "20260101T000000Z-aaaa" }),
      snapshot({ ...options, store: other, id: "20260101T000000Z-bbbb" }),
    ]);
    const ids = (await listSnapshots(made.store)).map(({ id }) => id);
    expect(ids).toEqual(both.map((one) => one.snapshot.id).toSorted());
    for (const id of ids) expect(await verify({ store: other, id })).toMatchObject({ ok: true });
  },
  patience,
);

test(
  "a server that goes away half-way ends the run with exit code 8, and nothing is lost",
  async (context) => {
    let lastRequest = Number.POSITIVE_INFINITY;
    const made = await bucketBehind(
      { fault: (number) => (number > lastRequest ? "lost request" : null) },
      1500,
    );
    if (made === null) return context.skip(noServer);
    const { store, proxy } = made;
    const folder = temporaryFolder();
    const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
    writeTree(tree, { a: "a" });
    const options = { store, sources: [everything(tree)], workDirectory };
    const first = await snapshot(options);
    buildTree(tree);
    for (const more of [3, 12, 25]) {
      lastRequest = proxy.count + more;
      const error: unknown = await snapshot(options).catch((reason: unknown) => reason);
      expect(error, `after ${more} requests`).toMatchObject({
        code: "backup.unreachable",
        exitCode: 8,
      });
      lastRequest = Number.POSITIVE_INFINITY;
      expect(await listSnapshots(store)).toHaveLength(1);
      expect(await verify({ store, id: first.snapshot.id })).toMatchObject({ ok: true });
    }
    // The lock of the run that failed is left behind, by this very process.
    const next = await snapshot(options);
    expect(await verify({ store, id: next.snapshot.id })).toMatchObject({ ok: true });
    lastRequest = proxy.count + 4;
    const target = join(folder, "out");
    mkdirSync(target);
    writeFileSync(join(target, "a"), "another");
    const failed = restore({ store, id: next.snapshot.id, target, conflict: "always" });
    await expect(failed).rejects.toMatchObject({ exitCode: 8 });
    lastRequest = Number.POSITIVE_INFINITY;
    await restore({ store, id: next.snapshot.id, target, conflict: "always" });
    expect(describeTree(target)).toEqual(describeTree(tree));
  },
  timeLimit(90_000),
);

test(
  "what a new snapshot shares with an earlier one is locked for as long as the new one",
  async (context) => {
    if (server === null) return context.skip(noServer);
    const { endpoint } = server;
    const bucket = await server.createBucket({ objectLock: true });
    let refuses = false;
    const text = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    const proxy = await startFaultyProxy({
      endpoint,
      fault: (_number, method, path) =>
        refuses && method === "PUT" && path.includes("retention") ? { status: 403, text } : null,
    });
    onTestFinished(() => proxy.stop());
    let clock = new Date(Math.ceil(Date.now() / 1000) * 1000);
    const store = await s3Store({
      endpoint: proxy.endpoint,
      bucket,
      objectLock: { mode: "compliance", days: 10 },
      now: () => clock,
    });
    onTestFinished(() => store.close());
    const folder = temporaryFolder();
    const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
    writeTree(tree, { a: "a" });
    const options = { store, sources: [everything(tree)], workDirectory, now: () => clock };
    await snapshot({ ...options, id: "20260101T000000Z-aaaa" });
    const before = await lockEnds(store, endpoint, bucket);
    clock = new Date(clock.getTime() + 5 * 86_400_000);
    const second = await snapshot({ ...options, id: "20260106T000000Z-bbbb" });
    expect(second.added.objects).toBe(0);
    const after = await lockEnds(store, endpoint, bucket);
    expect(before.length).toBeGreaterThan(0);
    expect(after.map((end, index) => end - (before[index] ?? 0))).toEqual(
      before.map(() => 5 * 86_400_000),
    );
    // To bring the end forward is refused: a clock that goes backwards must not stop a backup.
    refuses = true;
    clock = new Date(clock.getTime() - 86_400_000);
    await snapshot({ ...options, id: "20260107T000000Z-cccc" });
    expect(await lockEnds(store, endpoint, bucket)).toEqual(after);
    clock = new Date(clock.getTime() + 2 * 86_400_000);
    await expect(snapshot({ ...options, id: "20260108T000000Z-dddd" })).rejects.toMatchObject({
      code: "backup.accessDenied",
      exitCode: 8,
    });
  },
  patience,
);

test(
  "a copy to a bucket locks what it shares with an earlier one anew",
  async (context) => {
    if (server === null) return context.skip(noServer);
    const { endpoint } = server;
    const bucket = await server.createBucket({ objectLock: true });
    let clock = new Date(Math.ceil(Date.now() / 1000) * 1000);
    const now = (): Date => clock;
    const objectLock = { mode: "governance" as const, days: 10 };
    const to = await s3Store({ endpoint, bucket, objectLock, now });
    onTestFinished(() => to.close());
    const from = memoryStore();
    const folder = temporaryFolder();
    const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
    writeTree(tree, { a: "a" });
    const options = { store: from, sources: [everything(tree)], workDirectory, now };
    const ids = ["20260101T000000Z-aaaa", "20260106T000000Z-bbbb"];
    for (const id of ids) {
      await snapshot({ ...options, id });
      await copySnapshots({ from, to, ids: [id], guides: {}, now });
      expect(await verify({ store: to, id })).toMatchObject({ ok: true });
      const ends = await lockEnds(to, endpoint, bucket);
      expect(new Set(ends)).toEqual(new Set([clock.getTime() + 10 * 86_400_000]));
      clock = new Date(clock.getTime() + 5 * 86_400_000);
    }
  },
  timeLimit(60_000),
);

/** When the lock of each object ends; milliseconds since 1970. */
async function lockEnds(store: Store, endpoint: string, bucket: string): Promise<number[]> {
  const client = new S3Client({
    endpoint,
    credentials,
    region: "us-east-1",
    forcePathStyle: true,
  });
  const ends: number[] = [];
  for await (const { key } of store.list("objects/")) {
    const command = new HeadObjectCommand({ Bucket: bucket, Key: `backups/${key}` });
    ends.push((await client.send(command)).ObjectLockRetainUntilDate?.getTime() ?? 0);
  }
  client.destroy();
  return ends;
}

test("what is under object lock stays in the trash until that is over", async (context) => {
  let locked = true;
  const text =
    "<Error><Code>AccessDenied</Code><Message>Access Denied because object protected by object lock.</Message></Error>";
  const fault: ProxyOptions["fault"] = (_number, method, path) =>
    locked && method === "DELETE" && /\/(snapshots|objects)\//.test(path)
      ? { status: 403, text }
      : null;
  const made = await bucketBehind({ fault });
  if (made === null) return context.skip(noServer);
  const { store } = made;
  const tree = join(temporaryFolder(), "tree");
  writeTree(tree, { a: "a" });
  const ids = ["20260101T000000Z-aaaa", "20260102T000000Z-bbbb"] as const;
  for (const id of ids) await snapshot({ store, id, sources: [everything(tree)] });
  const retention = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 1 };
  const prune = () => pruneSnapshots({ store, retention, plan: false, trashFor: 0, now });
  const now = (): Date => new Date();
  expect(await prune()).toMatchObject({ trashed: [ids[0]], removed: [] });
  expect(await prune()).toMatchObject({ removed: [], waiting: [ids[0]] });
  locked = false;
  expect(await prune()).toMatchObject({ removed: [ids[0]], waiting: [] });
  expect((await listSnapshots(store)).map(({ id }) => id)).toEqual([ids[1]]);
});
