import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, describe, expect, test } from "vitest";
import { parseDatabaseUrl } from "../../src/database/address.ts";
import { connectDatabase } from "../../src/database/connect.ts";
import { createKey } from "../../src/keys/api-key.ts";
import { KeyStore } from "../../src/keys/key-store.ts";
import { up as createKeyTable } from "../../migrations/20261121T003000Z-create-api-keys.ts";
import { startPostgres } from "../support/postgres.ts";
import { until } from "../support/processes.ts";
import { type ServedFolder, startServe, startUpPatience } from "../support/serve.ts";
import { createVectorTables } from "../support/vector-migrations.ts";

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const kept = "/api/v1/vector/collections/kept";
const question = { task: "language", text: "what is this" };

async function componentOf(served: ServedFolder, name: string): Promise<string | undefined> {
  const { body } = await served.ask("GET", "/health");
  return (body["components"] as Record<string, { status: string }>)[name]?.status;
}

async function idsIn(served: ServedFolder): Promise<string[]> {
  const search = { collection: "kept", vector: [1, 0], top_k: 1000 };
  const { body } = await served.ask("POST", "/api/v1/vector/search", search);
  return (body["results"] as { id: string }[]).map(({ id }) => id).toSorted();
}

/** A file system of its own, in memory; null, and why is printed, where it cannot be had. */
function mountSmallDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), "studio-small-disk-"));
  const argv = ["-t", "tmpfs", "-o", "size=12m", "tmpfs", folder];
  const { status, stderr, error } = spawnSync("mount", argv, { encoding: "utf8" });
  if (status !== 0) {
    process.stderr.write(`small disk tests skipped: ${error?.message ?? stderr.trim()}\n`);
    rmSync(folder, { recursive: true });
    return null;
  }
  closing.push(() => {
    spawnSync("umount", ["--lazy", folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

describe("a daemon whose disk is full", () => {
  test("computes on, refuses what it cannot keep, and takes it again once there is room", async () => {
    const directory = mountSmallDisk();
    if (directory === null) return;
    const served = await startServe({ directory });
    closing.push(() => served.end("SIGKILL"));
    expect((await served.ask("PUT", kept, { dimension: 2 })).status).toBe(201);
    const acknowledged: string[] = [];
    let number = 0;
    const write = async (): Promise<{ status: number; code: unknown }> => {
      const id = `item-${number++}`;
      const item = { id, vector: [1, number], metadata: { words: "x".repeat(4000) } };
      const pair = { items: [item, { id: `${id}-too`, vector: [0, 1] }] };
      const { status, body } = await served.ask("POST", `${kept}/items`, pair);
      if (status === 201) acknowledged.push(id, `${id}-too`);
      return { status, code: body["code"] };
    };
    expect((await write()).status).toBe(201);
    spawnSync("sh", ["-c", "head -c 100000000 /dev/zero > filler 2>/dev/null || true"], {
      cwd: directory,
    });
    let refused = await write();
    for (let attempt = 0; refused.status === 201 && attempt < 400; attempt++)
      refused = await write();
    expect(refused).toEqual({ status: 507, code: "vector.storage" });
    expect((await served.ask("POST", "/api/v1/text/process", question)).status).toBe(200);
    expect(await idsIn(served)).toEqual(acknowledged.toSorted());
    await until("health tells", async () => (await componentOf(served, "storage")) === "unhealthy");
    expect((await served.ask("GET", "/health/live")).status).toBe(200);
    rmSync(join(directory, "filler"));
    expect((await write()).status).toBe(201);
    await until("health tells", async () => (await componentOf(served, "storage")) === "healthy");
    await served.end("SIGKILL");
    await served.start();
    expect(await idsIn(served)).toEqual(acknowledged.toSorted());
  }, 600_000);
});

describe("a daemon whose database goes away", () => {
  test("computes on, knows its keys, says what is not well, and goes on when it is back", async () => {
    const server = await startPostgres();
    if (server === null) return;
    closing.push(() => server.stop());
    const url = await server.createDatabase();
    const database = await connectDatabase(parseDatabaseUrl(url, "/"));
    await createVectorTables(database);
    await createKeyTable(database);
    const { id, key, hash } = createKey();
    const createdAt = new Date().toISOString();
    const settled = { createdAt, expiresAt: null, replaces: null };
    await new KeyStore(database).put({ id, name: "test", role: "operator", hash, ...settled });
    await database.destroy();
    const served = await startServe({
      env: { DATABASE_URL: url },
      settings: "database: { url: { env: DATABASE_URL } }\nserve:\n  auth: { required: true }\n",
    });
    closing.push(() => served.remove());
    const ask: typeof served.ask = (method, path, body) =>
      served.ask(method, path, body, { authorization: `Bearer ${key}` });
    expect((await ask("PUT", kept, { dimension: 2 })).status).toBe(201);
    const item = { items: [{ id: "a", vector: [1, 0] }] };
    expect((await ask("POST", `${kept}/items`, item)).status).toBe(201);
    await server.end();
    const search = { collection: "kept", vector: [1, 0] };
    for (const [method, path, body] of [
      ["POST", "/api/v1/vector/search", search],
      ["POST", `${kept}/items`, { items: [{ id: "b", vector: [0, 1] }] }],
      ["GET", kept, undefined],
    ] as const) {
      expect(await ask(method, path, body)).toMatchObject({
        status: 503,
        body: { code: "vector.database" },
      });
    }
    expect((await ask("POST", "/api/v1/text/process", question)).status).toBe(200);
    expect((await served.ask("POST", "/api/v1/text/process", question)).status).toBe(401);
    await until(
      "health tells",
      async () => (await componentOf(served, "database")) === "unhealthy",
    );
    expect((await served.ask("GET", "/health/ready")).status).toBe(503);
    expect((await ask("GET", "/metrics")).body["text"]).toMatch(
      /studio_health_status\{component="database"\} 0$/m,
    );
    await server.start();
    await until(
      "it finds what was stored",
      async () => {
        const { status, body } = await ask("POST", "/api/v1/vector/search", search);
        return status === 200 && (body["results"] as unknown[]).length === 1;
      },
      startUpPatience,
    );
    await until("health tells", async () => (await componentOf(served, "database")) === "healthy");
    expect((await served.ask("GET", "/health/ready")).status).toBe(200);
    expect((await ask("POST", `${kept}/items`, item)).status).toBe(201);
  }, 600_000);
});

describe.skipIf(process.platform !== "linux")("images that unpack to much", () => {
  /** Most memory that the process ever had, in bytes. */
  const peakOf = ({ child }: ServedFolder): number => {
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  };

  test("sent by many at once take hardly more memory than one", async () => {
    const side = 4000;
    const blank = sharp({ create: { width: side, height: side, channels: 3, background: "grey" } });
    const picture = await blank.avif({ effort: 0 }).toBuffer();
    expect(picture.length).toBeLessThan(100_000);
    // What is measured is memory, and a machine that is busy with other things may take its time.
    const served = await startServe({ settings: "serve: { timeout: 5m }\n" });
    closing.push(() => served.remove());
    const send = async (bytes: Buffer): Promise<number> => {
      const form = new FormData();
      form.set("file", new Blob([new Uint8Array(bytes)], { type: "image/avif" }), "bomb.avif");
      form.set("task", "statistics");
      const path = `${served.url}/api/v1/image/process`;
      return (await fetch(path, { method: "POST", body: form })).status;
    };
    expect(await send(await sharp(picture).resize(64).avif().toBuffer())).toBe(200);
    const before = peakOf(served);
    expect(await send(picture)).toBe(200);
    const one = peakOf(served);
    // Its three planes, the decoder's copies of them, and the pixels.
    expect(one - before).toBeLessThan(side * side * 24);
    const statuses = await Promise.all(Array.from({ length: 8 }, () => send(picture)));
    expect(statuses).toEqual(Array.from({ length: 8 }, () => 200));
    expect(peakOf(served) - one).toBeLessThan(side * side * 14);
    const afterwards = peakOf(served);
    for (const claim of [20_000, 60_000]) {
      expect([413, 422]).toContain(await send(claimingSize(picture, claim)));
    }
    expect(peakOf(served) - afterwards).toBeLessThan(50_000_000);
    expect(await send(await sharp(picture).resize(64).avif().toBuffer())).toBe(200);
  }, 600_000);
});

/** The same AVIF, which says in its `ispe` box (ISO/IEC 23008-12, 6.5.3) to be so large. */
function claimingSize(avif: Buffer, side: number): Buffer {
  const bytes = Buffer.from(avif);
  const at = bytes.indexOf("ispe");
  // Four bytes of version and flags, then width and height.
  bytes.writeUInt32BE(side, at + 8);
  bytes.writeUInt32BE(side, at + 12);
  return bytes;
}
