import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PackPool } from "../../../src/backup/pack/pool.ts";
import type { FinishedObject, Job } from "../../../src/backup/pack/protocol.ts";

let folder: string;
let pool: PackPool;
let put: (object: FinishedObject) => Promise<void>;
const kinds: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-pack-pool-"));
  kinds.length = 0;
  put = async ({ kind }) => void kinds.push(kind);
  const nothing = { files: [], chunks: [] };
  const settings = { recipients: [], level: 1, known: nothing };
  const options = { settings, requestsAtOnce: 1, worthThreads: 1000 };
  pool = new PackPool({ ...options, put: (object) => put(object) });
});

afterEach(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

function segment(...contents: string[]): Job {
  const files = contents.map((content, number) => {
    const file = join(folder, `file-${number}`);
    writeFileSync(file, content);
    const { size, mode, uid, gid, mtimeMs, ctimeMs, ino } = statSync(file);
    const times = { mtime: mtimeMs, ctime: ctimeMs, inode: ino };
    return { path: `file-${number}`, file, size, mode: mode & 0o7777, uid, gid, ...times };
  });
  return { type: "segment", files };
}

const text = Buffer.from("some text");

describe("what is to be stored", () => {
  test("waits until it is worth threads, or no more is coming", async () => {
    const few = pool.run(segment("some", "text"), 8);
    expect(await Promise.race([few, new Promise((resolve) => setTimeout(resolve, 50))])).toBe(
      undefined,
    );
    pool.begin();
    const { files } = (await few) as { files: unknown[] };
    expect(files).toMatchObject([{ outcome: "stored" }, { outcome: "stored" }]);
    await pool.settle();
    expect(kinds).toEqual(["segment"]);
  });

  test("is the same in threads and without", async () => {
    const here = pool.run({ type: "page", text }, 9);
    pool.begin();
    const much = pool.run({ type: "page", text }, 1000);
    expect(await much).toEqual(await here);
    await pool.settle();
    expect(kinds).toEqual(["page", "page"]);
  });

  test.each([10, 1000])(
    "fails as a whole where the repository takes no more: %i",
    async (weight) => {
      const full = new Error("full");
      put = () => Promise.reject(full);
      const first = pool.run({ type: "page", text }, weight).catch(() => undefined);
      pool.begin();
      await first;
      await expect(pool.settle()).rejects.toBe(full);
      const second = pool.run({ type: "page", text }, weight);
      pool.begin();
      await expect(second).rejects.toBe(full);
    },
  );
});
