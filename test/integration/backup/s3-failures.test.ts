import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Store } from "../../../src/backup/store/store.ts";
import {
  type Fault,
  type FaultyProxy,
  type ProxyOptions,
  startFaultyProxy,
} from "../../support/faulty-proxy.ts";
import { type TestS3, credentials, s3Store, startS3 } from "../../support/s3.ts";
import { freePort } from "../../support/studio.ts";

let server: TestS3 | null = null;

beforeAll(async () => {
  server = await startS3();
});

afterAll(() => server?.stop());

/** A store behind a proxy; the test is skipped where there is no server. */
async function behind(
  fault: ProxyOptions["fault"],
  more: Partial<ProxyOptions> & { patience?: number } = {},
): Promise<{ store: Store; proxy: FaultyProxy } | null> {
  if (server === null) return null;
  const { patience = 20_000, ...rest } = more;
  const { endpoint } = server;
  const proxy = await startFaultyProxy({ endpoint, ...(fault && { fault }), ...rest });
  onTestFinished(() => proxy.stop());
  const bucket = await server.createBucket();
  const store = await s3Store({ endpoint: proxy.endpoint, bucket, patience });
  onTestFinished(() => store.close());
  return { store, proxy };
}

async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list("")) keys.push(key);
  return keys;
}

const noServer = "there is no S3 server";

describe("a request that fails for a reason that passes", () => {
  test.for(["500", "503", "lost request", "lost answer", "cut answer"] as const)(
    "is done again after: %s",
    async (fault, context) => {
      let failures = 2;
      const made = await behind(() => (failures-- > 0 ? fault : null));
      if (made === null) return context.skip(noServer);
      const { store } = made;
      const content = Buffer.alloc(50_000, "studio");
      await store.put("a/b", content);
      failures = 2;
      expect(await store.get("a/b")).toEqual(content);
      failures = 2;
      expect(await keysOf(store)).toEqual(["a/b"]);
      failures = 2;
      await store.remove("a/b");
      failures = 2;
      expect(await store.get("a/b")).toBeNull();
    },
  );

  test("writes a new file once, although nobody heard that it did", async (context) => {
    let failures = 1;
    const lost: ProxyOptions["fault"] = (_number, method) =>
      method === "PUT" && failures-- > 0 ? "lost answer" : null;
    const made = await behind(lost);
    if (made === null) return context.skip(noServer);
    const { store } = made;
    expect(await store.putNew("a", Buffer.from("mine"))).toBe(true);
    failures = 1;
    expect(await store.putNew("a", Buffer.from("mine"))).toBe(false);
    failures = 0;
    const large = Buffer.alloc(17 * 1024 * 1024, "x");
    let ends = 1;
    const second = await behind((_number, method, path) =>
      method === "POST" && path.includes("uploadId") && ends-- > 0 ? "lost answer" : null,
    );
    expect(await second?.store.putNew("large", large)).toBe(true);
    expect((await second?.store.get("large"))?.equals(large)).toBe(true);
  });
});

describe("what cannot be mended is told with exit code 8", () => {
  test("a server that is not there", async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const store = await s3Store({ endpoint, bucket: "any-bucket" });
    onTestFinished(() => store.close());
    await expect(store.get("a")).rejects.toMatchObject({
      code: "backup.unreachable",
      exitCode: 8,
      message: expect.stringContaining(endpoint),
    });
  });

  test("a host that has no address", async () => {
    const store = await s3Store({ endpoint: "http://no-such-host.invalid", bucket: "any-bucket" });
    onTestFinished(() => store.close());
    await expect(store.get("a")).rejects.toMatchObject({ code: "backup.unreachable", exitCode: 8 });
  });

  test("a bucket that is not there", async (context) => {
    if (server === null) return context.skip(noServer);
    const store = await s3Store({ endpoint: server.endpoint, bucket: "no-such-bucket" });
    onTestFinished(() => store.close());
    const error = { code: "backup.noBucket", exitCode: 8 };
    await expect(store.get("a")).rejects.toMatchObject(error);
    await expect(store.put("a", Buffer.from("a"))).rejects.toMatchObject(error);
    await expect(keysOf(store)).rejects.toMatchObject(error);
  });

  test("a server that goes away for good, after as long as it is given", async (context) => {
    let gone = false;
    const made = await behind(() => (gone ? "503" : null), { patience: 1000 });
    if (made === null) return context.skip(noServer);
    await made.store.put("a", Buffer.from("a"));
    gone = true;
    await expect(made.store.get("a")).rejects.toMatchObject({
      code: "backup.unavailable",
      exitCode: 8,
      message: expect.stringContaining("503 SlowDown"),
    });
  });

  test("a server that goes away while somebody waits for the end, after a few seconds", async (context) => {
    if (server === null) return context.skip(noServer);
    let gone = false;
    const proxy = await startFaultyProxy({
      endpoint: server.endpoint,
      fault: () => (gone ? "503" : null),
    });
    onTestFinished(() => proxy.stop());
    const controller = new AbortController();
    const { signal } = controller;
    const bucket = await server.createBucket();
    const store = await s3Store({ endpoint: proxy.endpoint, bucket, signal });
    onTestFinished(() => store.close());
    await store.put("a", Buffer.from("a"));
    controller.abort();
    expect(await store.get("a")).toEqual(Buffer.from("a"));
    gone = true;
    const start = performance.now();
    await expect(store.get("a")).rejects.toMatchObject({ code: "backup.unavailable" });
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  const answer = (code: string, more = ""): string =>
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>for ${credentials.accessKeyId}</Message>` +
    `<AWSAccessKeyId>${credentials.accessKeyId}</AWSAccessKeyId>${more}</Error>`;
  test.each([
    [403, "AccessDenied", "backup.accessDenied"],
    [403, "InvalidAccessKeyId", "backup.credentials"],
    [403, "SignatureDoesNotMatch", "backup.credentials"],
    [400, "ExpiredToken", "backup.credentials"],
    [403, "RequestTimeTooSkewed", "backup.clock"],
    [301, "PermanentRedirect", "backup.wrongRegion"],
    [400, "AuthorizationHeaderMalformed", "backup.wrongRegion"],
    [507, "InsufficientStorage", "backup.full"],
    [405, "MethodNotAllowed", "backup.unavailable"],
  ])("%s %s, without a word of the access key", async (status, name, code) => {
    const proxy = await startFaultyProxy({
      endpoint: "http://127.0.0.1:1",
      fault: () => ({ status, text: answer(name) }),
    });
    onTestFinished(() => proxy.stop());
    const store = await s3Store({ endpoint: proxy.endpoint, bucket: "any-bucket" });
    onTestFinished(() => store.close());
    const error: unknown = await store.get("a").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "StudioError", code, exitCode: 8 });
    const { message, hint, details, cause } = error as Error & Record<string, unknown>;
    const told = JSON.stringify({ message, hint, details, cause });
    expect(told).not.toContain(credentials.accessKeyId);
    expect(told).not.toContain(credentials.secretAccessKey);
  });

  test("an access key that the server does not know", async (context) => {
    // The server then checks each key, and knows none.
    const strict = await startS3({ INITIAL_NO_AUTH_ACTION_COUNT: "1" });
    if (strict === null) return context.skip(noServer);
    onTestFinished(() => strict.stop());
    const bucket = await strict.createBucket();
    const store = await s3Store({ endpoint: strict.endpoint, bucket });
    onTestFinished(() => store.close());
    await expect(store.put("a", Buffer.from("a"))).rejects.toMatchObject({
      code: "backup.credentials",
      message: expect.not.stringContaining(credentials.accessKeyId),
    });
  });

  test("a server that ignores the condition of a write", async (context) => {
    if (server === null) return context.skip(noServer);
    const { endpoint } = server;
    const proxy = await startFaultyProxy({ endpoint, withoutHeader: "if-none-match" });
    onTestFinished(() => proxy.stop());
    const store = await s3Store({ endpoint: proxy.endpoint, bucket: await server.createBucket() });
    onTestFinished(() => store.close());
    await expect(store.putNew("a", Buffer.from("a"))).rejects.toMatchObject({
      code: "backup.noConditions",
      exitCode: 8,
    });
  });
});

describe("object lock", () => {
  test("holds for what snapshots consist of, and for nothing else", async (context) => {
    if (server === null) return context.skip(noServer);
    const locks: Record<string, string | undefined> = {};
    const { endpoint } = server;
    const proxy = await startFaultyProxy({
      endpoint,
      observe(path, headers) {
        if (headers["x-amz-object-lock-mode"] === undefined) return;
        locks[path.split("/backups/")[1]?.split("?")[0] ?? ""] = String(
          headers["x-amz-object-lock-retain-until-date"],
        );
      },
    });
    onTestFinished(() => proxy.stop());
    const bucket = await server.createBucket({ objectLock: true });
    const store = await s3Store({
      endpoint: proxy.endpoint,
      bucket,
      objectLock: { mode: "compliance", days: 2 },
      now: () => new Date("2026-11-20T00:00:00Z"),
    });
    onTestFinished(() => store.close());
    await store.put("snapshots/a/verified.json", Buffer.from("x"));
    const keys = ["snapshots/a/COMMIT", "objects/ab/x.zst", "locks/a.json", "trash/a.json"];
    for (const key of [...keys, "config.json"]) await store.put(key, Buffer.from("x"));
    expect(Object.keys(locks)).toEqual(["snapshots/a/COMMIT", "objects/ab/x.zst"]);
    expect(locks["snapshots/a/COMMIT"]).toContain("2026-11-22T00:00:00");
    for (const key of keys) expect(await store.get(key)).toEqual(Buffer.from("x"));
  });

  test.each([
    ["a file that cannot be removed", "AccessDenied", "object protected by object lock", "remove"],
    ["a bucket without it", "InvalidRequest", "Bucket is missing Object Lock Configuration", "put"],
  ] as const)("tells of %s", async (_title, name, message, verb) => {
    const text = `<Error><Code>${name}</Code><Message>${message}</Message></Error>`;
    const status = name === "AccessDenied" ? 403 : 400;
    const fault = (): Fault => ({ status, text });
    const proxy = await startFaultyProxy({ endpoint: "http://127.0.0.1:1", fault });
    onTestFinished(() => proxy.stop());
    const store = await s3Store({ endpoint: proxy.endpoint, bucket: "any-bucket" });
    onTestFinished(() => store.close());
    const done = verb === "put" ? store.put("a", Buffer.from("a")) : store.remove("a");
    await expect(done).rejects.toMatchObject(
      verb === "put"
        ? { code: "backup.noObjectLock", exitCode: 8 }
        : { code: "backup.objectLocked", exitCode: 4 },
    );
  });
});

test("uploads in parts that were never completed go once they are old", async (context) => {
  if (server === null) return context.skip(noServer);
  const { endpoint } = server;
  const bucket = await server.createBucket();
  const begin = (key: string) => fetch(`${endpoint}/${bucket}/${key}?uploads`, { method: "POST" });
  const unfinished = async (): Promise<string[]> => {
    const text = await (await fetch(`${endpoint}/${bucket}?uploads`)).text();
    return Array.from(text.matchAll(/<Key>(.*?)<\/Key>/g), ([, key = ""]) => key);
  };
  await begin("backups/objects/ab/x");
  await begin("of/others");
  const store = await s3Store({ endpoint, bucket });
  onTestFinished(() => store.close());
  // This server says of each that it was begun in 2010.
  await store.removeAbandoned(new Date("2009-01-01"));
  expect(await unfinished()).toHaveLength(2);
  await store.removeAbandoned(new Date());
  expect(await unfinished()).toEqual(["of/others"]);
});
