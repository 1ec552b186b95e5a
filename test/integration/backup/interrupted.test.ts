import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { removeUnfinished } from "../../../src/backup/unfinished.ts";
import { verifySnapshot } from "../../../src/backup/verify.ts";
import { StudioError } from "../../../src/errors.ts";
import { clock, everything, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";
import { memoryStore } from "./memory-store.ts";

const run = promisify(execFile);
const script = fileURLToPath(new URL("./killed-create.ts", import.meta.url));

async function createThatDies(repository: string, tree: string, at: number): Promise<boolean> {
  const outcome = await run(process.execPath, [script, repository, tree, String(at)]).then(
    () => null,
    (error: { signal?: string }) => error.signal ?? "failed",
  );
  if (outcome !== null) expect(outcome).toBe("SIGKILL");
  return outcome !== null;
}

function filesOf(repository: string): string[] {
  return readdirSync(repository, { recursive: true, encoding: "utf8" });
}

test("a run killed at any point costs no snapshot and is cleaned up by the next", async () => {
  const folder = temporaryFolder();
  const [repository, tree] = [join(folder, "repository"), join(folder, "tree")];
  writeTree(tree, { "a.bin": randomBytes(150_000), "b/c.bin": randomBytes(150_000), d: "d" });
  const first = await snapshot({ repository, sources: [everything(tree)] });
  let deaths = 0;
  while (await createThatDies(repository, tree, deaths + 1)) {
    deaths += 1;
    const complete = await listSnapshots(repository);
    // The last change is the note of the verification: the snapshot is there by then.
    expect(complete.length).toBeLessThanOrEqual(2);
    expect(complete[0]?.id).toBe(first.snapshot.id);
  }
  expect(deaths).toBeGreaterThan(8);
  const ids = (await listSnapshots(repository)).map(({ id }) => id);
  expect(ids.length).toBe(3);
  for (const id of ids) {
    expect(await verifySnapshot({ repository, id, now: clock })).toMatchObject({ ok: true });
  }
  expect(readdirSync(join(repository, "snapshots")).toSorted()).toEqual(ids);
  expect(filesOf(join(repository, "locks"))).toEqual([]);
  expect(filesOf(repository).filter((file) => file.endsWith(".tmp"))).toEqual([]);
}, 30_000);

test("a full disk at any write leaves the earlier snapshots and nothing else", async () => {
  const tree = join(temporaryFolder(), "tree");
  writeTree(tree, { "a.bin": randomBytes(150_000), "b/c.bin": randomBytes(150_000) });
  let [writes, failAt] = [0, Number.POSITIVE_INFINITY];
  const store = memoryStore(() => {
    writes += 1;
    if (writes === failAt) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
  });
  const options = { repository: store, sources: [everything(tree)], segmentBytes: 100_000 };
  await snapshot(options);
  const total = writes;
  const before = [...store.objects.keys()].toSorted();
  expect(total).toBeGreaterThan(8);
  // The last write notes the verification: without it, the snapshot is there but not noted.
  for (failAt = 1; failAt < total - 2; failAt += 1) {
    writes = 0;
    const failure = await snapshot(options).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StudioError);
    expect(failure).toMatchObject({ code: "backup.full", exitCode: 8 });
    expect([...store.objects.keys()].toSorted()).toEqual(before);
  }
  failAt = Number.POSITIVE_INFINITY;
  expect((await snapshot(options)).verification.ok).toBe(true);
});

test("two runs at once: one holds the repository, the other says who does", async () => {
  const folder = temporaryFolder();
  const repository = join(folder, "repository");
  writeTree(join(folder, "tree"), { a: "a" });
  const sources = [everything(join(folder, "tree"))];
  await snapshot({ repository, sources });
  const { promise: paused, resolve: resume } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const slow = {
    ...everything(join(folder, "tree")),
    async *members() {
      reach();
      await paused;
      yield* [];
    },
  };
  const first = snapshot({ repository, sources: [slow] });
  await reached;
  await expect(snapshot({ repository, sources })).rejects.toMatchObject({
    code: "backup.locked",
    exitCode: 7,
    message: expect.stringContaining(`process ${process.pid}`),
  });
  await expect(removeUnfinished(repository, clock)).rejects.toMatchObject({ exitCode: 7 });
  const waiting = snapshot({ repository, sources, lockWait: 10_000 });
  resume();
  await Promise.all([first, waiting]);
  expect(await listSnapshots(repository)).toHaveLength(3);
});

test("the lock of a machine that fell silent is taken over, a beating one is not", async () => {
  const folder = temporaryFolder();
  const repository = join(folder, "repository");
  writeTree(join(folder, "tree"), { a: "a" });
  const sources = [everything(join(folder, "tree"))];
  await snapshot({ repository, sources });
  const elsewhere = (beat: number): string =>
    JSON.stringify({ pid: 1, host: "elsewhere", bootId: "other", beat: new Date(beat), since: "" });
  const file = join(repository, "locks", "elsewhere.json");
  writeFileSync(file, elsewhere(Date.now() - 5000));
  await expect(snapshot({ repository, sources })).rejects.toMatchObject({ code: "backup.locked" });
  writeFileSync(file, elsewhere(Date.now() - 61_000));
  await snapshot({ repository, sources });
  expect(readdirSync(join(repository, "locks"))).toEqual([]);
});

test("a run whose lock was taken over commits nothing", async () => {
  const tree = join(temporaryFolder(), "tree");
  writeTree(tree, { a: "a" });
  const store = memoryStore();
  const robbed = {
    ...everything(tree),
    async *members() {
      for (const key of store.objects.keys()) {
        if (key.startsWith("locks/")) store.objects.delete(key);
      }
      yield* [];
    },
  };
  await expect(snapshot({ repository: store, sources: [robbed] })).rejects.toMatchObject({
    code: "backup.lockLost",
  });
  expect(await listSnapshots(store)).toEqual([]);
});

test("an aborted run stops with the reason and leaves nothing", async () => {
  const tree = join(temporaryFolder(), "tree");
  writeTree(tree, { "a.bin": randomBytes(3_000_000), b: "b" });
  const store = memoryStore();
  const controller = new AbortController();
  const reason = new Error("interrupted");
  const running = snapshot({
    repository: store,
    sources: [everything(tree)],
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  await expect(running).rejects.toBe(reason);
  expect([...store.objects.keys()].toSorted()).toEqual(["README.txt", "config.json"]);
});
