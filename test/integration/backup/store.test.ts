import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { localStore } from "../../../src/backup/store/local-store.ts";
import type { Store, StoredFile } from "../../../src/backup/store/store.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { type TestS3, s3Store, startS3 } from "../../support/s3.ts";
import { temporaryFolder } from "./fixtures.ts";

let server: TestS3 | null = null;

beforeAll(async () => {
  server = await startS3();
});

afterAll(() => server?.stop());

const kinds: Record<string, () => Store | Promise<Store | null>> = {
  "a folder": () => localStore(temporaryFolder()),
  memory: () => memoryStore(),
  "a bucket": async () => {
    if (server === null) return null;
    const { endpoint } = server;
    return s3Store({ endpoint, bucket: await server.createBucket() });
  },
};

describe.each(Object.keys(kinds))("%s as a store", (kind) => {
  function storeTest(title: string, body: (store: Store) => Promise<void>): void {
    test(title, async (context) => {
      const store = await kinds[kind]?.();
      if (store === null || store === undefined) return context.skip("there is no S3 server");
      onTestFinished(() => store.close());
      await body(store);
    });
  }

  storeTest("gives back what was put, and null for what was not", async (store) => {
    const content = randomBytes(100_000);
    await store.put("objects/ab/one", content);
    expect(await store.get("objects/ab/one")).toEqual(content);
    expect(await store.get("objects/ab/two")).toBeNull();
    expect(await store.get("objects/ab")).toBeNull();
    await store.put("empty", Buffer.alloc(0));
    expect(await store.get("empty")).toEqual(Buffer.alloc(0));
    await store.sync();
  });

  storeTest("replaces a file as a whole", async (store) => {
    await store.put("a", Buffer.from("a longer text"));
    await store.put("a", Buffer.from("short"));
    expect(String(await store.get("a"))).toBe("short");
  });

  storeTest("keeps a file of many megabytes", async (store) => {
    const content = randomBytes(17 * 1024 * 1024 + 5);
    await store.put("large", content);
    expect((await store.get("large"))?.equals(content)).toBe(true);
    expect(await store.putNew("large", content)).toBe(false);
    expect(await store.putNew("large as well", content)).toBe(true);
  });

  storeTest("writes a new file for one of several who try at once", async (store) => {
    const contents = ["a", "b", "c", "d", "e"].map((text) => Buffer.from(text));
    const written = await Promise.all(contents.map((content) => store.putNew("new", content)));
    expect(written.filter((yes) => yes)).toHaveLength(1);
    expect(await store.get("new")).toEqual(contents[written.indexOf(true)]);
    expect(await store.putNew("new", Buffer.from("f"))).toBe(false);
  });

  storeTest("lists the files below a folder with their sizes and times", async (store) => {
    const start = Date.now();
    for (const key of ["a/1", "a/b/2", "ab/3", "4"]) await store.put(key, Buffer.from(key));
    expect(await keysOf(store, "a/")).toEqual(["a/1", "a/b/2"]);
    expect(await keysOf(store, "")).toEqual(["4", "a/1", "a/b/2", "ab/3"]);
    expect(await keysOf(store, "none/")).toEqual([]);
    for await (const { key, size, modified } of store.list("")) {
      expect(size).toBe(key.length);
      // Some tell whole seconds.
      expect(Math.abs(modified.getTime() - start)).toBeLessThan(30_000);
    }
  });

  storeTest("lists more files than one page holds", async (store) => {
    const keys = Array.from({ length: 1100 }, (_, number) => `many/${number}`);
    for (let start = 0; start < keys.length; start += 20) {
      const batch = keys.slice(start, start + 20);
      await Promise.all(batch.map((key) => store.put(key, Buffer.from("x"))));
    }
    expect(await keysOf(store, "many/")).toEqual(keys.toSorted());
  });

  storeTest("removes files, also those that are not there", async (store) => {
    await store.put("a/1", Buffer.from("1"));
    await store.put("a/2", Buffer.from("2"));
    await store.remove("a/1");
    await store.remove("a/1");
    await store.remove("never/was");
    expect(await keysOf(store, "")).toEqual(["a/2"]);
  });

  storeTest("has no abandoned writes of its own", async (store) => {
    await store.put("a", Buffer.from("a"));
    await store.removeAbandoned(new Date(Date.now() + 60_000));
    expect(await keysOf(store, "")).toEqual(["a"]);
  });

  storeTest("says where it is", async (store) => {
    expect(store.location).not.toBe("");
    expect(store.requestsAtOnce).toBeGreaterThan(0);
  });
});

async function keysOf(store: Store, folder: string): Promise<string[]> {
  const found: StoredFile[] = [];
  for await (const file of store.list(folder)) found.push(file);
  return found.map(({ key }) => key).toSorted();
}

describe("a folder as a store", () => {
  test("tells what is as it was written from what is not, in any of its bytes", async () => {
    const store = localStore(temporaryFolder());
    const compare = (content: Buffer) => store.compare?.("a", content);
    const piece = 256 * 1024;
    for (const length of [0, 1, piece - 1, piece, piece + 1, 3 * piece + 7]) {
      const content = randomBytes(length);
      await store.put("a", content);
      expect(await compare(content), `${length}`).toBe("same");
      expect(await compare(Buffer.concat([content, Buffer.alloc(1)])), `${length}`).toBe(
        "different",
      );
      for (const at of [0, piece - 1, piece, length - 1].filter(
        (one) => one < length && one >= 0,
      )) {
        const other = Buffer.from(content);
        other[at] = (other[at] ?? 0) ^ 1;
        expect(await compare(other), `${length} at ${at}`).toBe("different");
      }
    }
    expect(await store.compare?.("b", Buffer.alloc(1))).toBe("missing");
  });

  test("leaves nothing of a snapshot whose last file is removed, and can write it again", async () => {
    const folder = temporaryFolder();
    const store = localStore(folder);
    const key = "snapshots/20261120T210500Z-k3xq/COMMIT";
    await store.put(key, Buffer.from("1"));
    await store.remove(key);
    expect(readdirSync(join(folder, "snapshots"))).toEqual([]);
    await store.put(key, Buffer.from("2"));
    expect(await store.get(key)).toEqual(Buffer.from("2"));
    await store.sync();
  });
});
