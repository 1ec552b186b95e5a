import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseDatabaseUrl } from "../../../src/database/address.ts";
import { connectDatabase } from "../../../src/database/connect.ts";
import { VectorEngine } from "../../../src/inference/vectors/engine/engine.ts";
import { VectorStore } from "../../../src/inference/vectors.ts";
import { createVectorTables } from "../../support/vector-migrations.ts";

const query = { vector: [1, 0], count: 1 };
let folder = "";
let database: Knex;
let store: VectorStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-vector-callers-"));
  database = await connectDatabase(parseDatabaseUrl("sqlite:studio.db", folder));
  const now = (): Date => new Date("2026-11-21T00:00:00Z");
  store = new VectorStore(database, { now, threads: 1, memory: 300_000, searches: 2 });
  await createVectorTables(database);
});

afterEach(async () => {
  await store.close();
  await database.destroy();
  await rm(folder, { recursive: true });
});

/** Some pages more than fit in memory. */
async function createLarge(): Promise<void> {
  await store.create("large", 2, "dot");
  const items = Array.from({ length: 2000 }, (_, row) => ({ id: `${row}`, vector: [row, 1] }));
  await store.put("large", items);
  expect(await store.state("large")).toBeNull();
}

/** Calls back with each page that is read, and tells how many there were. */
function watchPages(seen: () => void): { pages: number } {
  const watched = { pages: 0 };
  database.on("query", ({ sql }: { sql: string }) => {
    if (!sql.includes("from `studio_vectors`")) return;
    watched.pages += 1;
    seen();
  });
  return watched;
}

describe("searches for vectors", () => {
  it("are bounded in number: what is beyond is refused, and told when to come again", async () => {
    await store.create("notes", 2, "dot");
    await store.put("notes", [{ id: "one", vector: [1, 0] }]);
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => store.search("notes", query)));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(outcomes[2]).toMatchObject({
      reason: { code: "inference.queue.full", retryAfter: 1 },
    });
    expect((await store.search("notes", query)).results).toMatchObject([{ id: "one" }]);
  });

  it("read no further page once their caller is gone, and then leave their place", async () => {
    await createLarge();
    const caller = new AbortController();
    const watched = watchPages(() => caller.abort());
    const options = { timeout: 10_000, signal: caller.signal };
    await expect(store.search("large", query, options)).rejects.toMatchObject({
      code: "inference.cancelled",
    });
    await sleep(200);
    expect(watched.pages).toBe(1);
    const two = [1, 2].map(() => store.search("large", query));
    expect(await Promise.all(two)).toMatchObject([
      { results: [{ id: "1999" }] },
      { results: [{ id: "1999" }] },
    ]);
  });

  it("end at their deadline, and read no further page then", async () => {
    await createLarge();
    const timeout = 50;
    const started = performance.now();
    const watched = watchPages(() => {
      // As if the page had taken that long.
      while (performance.now() < started + timeout);
    });
    await expect(store.search("large", query, { timeout })).rejects.toMatchObject({
      code: "inference.deadline",
    });
    await sleep(200);
    expect(watched.pages).toBe(1);
  });

  it("do not begin for a caller who is gone or late already", async () => {
    await store.create("notes", 2, "dot");
    const gone = { timeout: 1000, signal: AbortSignal.abort() };
    await expect(store.search("notes", query, gone)).rejects.toMatchObject({
      code: "inference.cancelled",
    });
    await expect(store.search("notes", query, { timeout: 0 })).rejects.toMatchObject({
      code: "inference.deadline",
    });
  });

  it("are not computed by the engine when their caller goes away before their turn", async () => {
    const engine = new VectorEngine({ bytes: 1e6, threads: 1, approximateFrom: null });
    const handle = await engine.open("dot", 2);
    const asked = { vector: new Float32Array([1, 0]), count: 1, filter: null, exact: true };
    const caller = { onGone: vi.fn() };
    const given = engine.search(handle, asked, caller);
    const other = engine.search(handle, asked);
    caller.onGone();
    await expect(given).rejects.toThrow("nobody waited any more");
    expect((await other).found).toEqual([]);
    await engine.close();
  });
});
