import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { timeLimit } from "../../support/every.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { everything, restore, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

const every = process.env["STUDIO_TEST_EVERY"] === "1" ? 1 : 2;

function grow(tree: string): void {
  appendFileSync(join(tree, "small/a"), "more");
  writeFileSync(join(tree, "large"), randomBytes(5_000_000));
}

test(
  "a disk that fills up at any write harms no earlier snapshot, and the next run works",
  async () => {
    const folder = temporaryFolder();
    const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
    writeTree(tree, { "small/a": "a", "small/b": "b", large: randomBytes(5_000_000) });
    let changes = 0;
    let failAt = 0;
    const store = memoryStore((change) => {
      changes += 1;
      if (changes === failAt) throw Object.assign(new Error(change), { code: "ENOSPC" });
    });
    const options = { store, sources: [everything(tree)], workDirectory };
    const first = await snapshot({ ...options, id: "20260101T000000Z-aaaa" });
    const content = describeTree(tree);
    let failures = 0;
    for (let at = 1; ; at += 1) {
      grow(tree);
      [changes, failAt] = [0, at];
      const id = `20260102T000000Z-${toWord(at)}`;
      const error = await snapshot({ ...options, id }).then(
        () => null,
        (reason: unknown) => reason,
      );
      failAt = 0;
      if (error === null) break;
      failures += 1;
      expect(error, `at change ${at}`).toMatchObject({ code: "backup.full", exitCode: 8 });
      const listed = await listSnapshots(store);
      expect(listed.every(({ damaged }) => damaged === null)).toBe(true);
      for (const { id: sound } of listed)
        expect((await verify({ store, id: sound })).ok).toBe(true);
    }
    expect(failures).toBeGreaterThan(4);
    const target = join(folder, "out");
    await restore({ store, id: first.snapshot.id, target });
    expect(describeTree(target)).toEqual(content);
  },
  timeLimit(120_000),
);

/** Four characters that an id may end with. */
function toWord(number: number): string {
  return number
    .toString(26)
    .padStart(4, "0")
    .replace(/[0-9]/g, (digit) => "abcdefghij"[Number(digit)] ?? "a");
}

test(
  "kill -9 at any write harms no earlier snapshot, and the next run works",
  async () => {
    const folder = temporaryFolder();
    const [tree, repository, work] = [
      join(folder, "tree"),
      join(folder, "repository"),
      join(folder, "work"),
    ];
    writeTree(tree, { "small/a": "a", "small/b": "b", large: randomBytes(5_000_000) });
    const store = localStore(repository);
    const first = await snapshot({ store, sources: [everything(tree)], workDirectory: work });
    const program = join(import.meta.dirname, "killed-create.ts");
    let killed = 0;
    for (let at = 1; ; at += 2 * every) {
      grow(tree);
      const argv = [program, repository, tree, work, String(at)];
      const { signal, status, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
      if (signal !== "SIGKILL") {
        expect(status, stderr).toBe(0);
        break;
      }
      killed += 1;
      const listed = await listSnapshots(store);
      for (const { id } of listed) {
        expect(await verify({ store, id }), `killed at ${at}`).toMatchObject({ ok: true });
      }
    }
    expect(killed).toBeGreaterThan(3);
    const next = await snapshot({ store, sources: [everything(tree)], workDirectory: work });
    const target = join(folder, "out");
    await restore({ store, id: next.snapshot.id, target });
    expect(describeTree(target)).toEqual(describeTree(tree));
    expect(await verify({ store, id: first.snapshot.id })).toMatchObject({ ok: true });
    expect(readdirSync(join(repository, "locks"))).toEqual([]);
  },
  timeLimit(120_000),
);

test(
  "of two runs at once one waits, or says who is at work",
  async () => {
    const folder = temporaryFolder();
    const tree = join(folder, "tree");
    writeTree(tree, { a: randomBytes(3_000_000) });
    const store = localStore(join(folder, "repository"));
    const workDirectory = join(folder, "work");
    const options = { store, sources: [everything(tree)], workDirectory };
    const both = await Promise.allSettled([
      snapshot({ ...options, id: "20260101T000000Z-aaaa", lockWait: 20_000 }),
      snapshot({ ...options, id: "20260101T000000Z-bbbb", lockWait: 20_000 }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    for (const { id } of await listSnapshots(store)) {
      expect(await verify({ store, id })).toMatchObject({ ok: true });
    }
  },
  timeLimit(180_000),
);

test("a run that is about to commit lets another one, which came too late, withdraw", async () => {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  writeTree(tree, { a: "a" });
  const inMemory = memoryStore();
  const other = { pid: 1, host: "elsewhere", bootId: "b", purpose: "creating", since: "" };
  let came = false;
  const store = {
    ...inMemory,
    async put(key: string, content: Uint8Array) {
      await inMemory.put(key, content);
      if (came || !key.endsWith("/objects")) return;
      came = true;
      const record = { ...other, beat: new Date().toISOString() };
      await inMemory.put("locks/0123456789abcdef.json", Buffer.from(JSON.stringify(record)));
      setTimeout(() => void inMemory.remove("locks/0123456789abcdef.json"), 200);
    },
  };
  await snapshot({ store, sources: [everything(tree)] });
  expect(came).toBe(true);
  expect(await listSnapshots(store)).toHaveLength(1);
});

test("a run whose lock was taken over commits nothing", async () => {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  writeTree(tree, { a: "a" });
  const inMemory = memoryStore();
  const store = {
    ...inMemory,
    async put(key: string, content: Uint8Array) {
      await inMemory.put(key, content);
      if (!key.endsWith("/objects")) return;
      for (const lock of [...inMemory.files.keys()].filter((name) => name.startsWith("locks/"))) {
        await inMemory.remove(lock);
      }
    },
  };
  const lost = snapshot({ store, sources: [everything(tree)] });
  await expect(lost).rejects.toMatchObject({ code: "backup.lockLost", exitCode: 7 });
  expect(await listSnapshots(store)).toEqual([]);
});
