import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Knex } from "knex";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DatabaseAddress } from "../../../src/database/address.ts";
import { connectDatabase } from "../../../src/database/connect.ts";
import type { Metric } from "../../../src/inference/vectors/similarity.ts";
import { VectorStore } from "../../../src/inference/vectors.ts";
import {
  createVectorTables,
  dropVectorTables,
  forgetVectorChanges,
} from "../../support/vector-migrations.ts";

let folder: string;
let databases: Knex[];
let stores: VectorStore[];

async function openStore(): Promise<VectorStore> {
  const file = join(folder, "studio.db");
  const address: DatabaseAddress = { dialect: "sqlite", file, url: `sqlite:${file}` };
  const database = await connectDatabase(address, { busyTimeout: 50 });
  databases.push(database);
  const store = new VectorStore(database, { now: () => new Date("2026-11-21T00:00:00Z") });
  stores.push(store);
  return store;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-vectors-"));
  databases = [];
  stores = [];
});

afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await Promise.all(databases.map((database) => database.destroy()));
  await rm(folder, { recursive: true });
});

async function openMigratedStore(): Promise<VectorStore> {
  const store = await openStore();
  await createVectorTables(databases[0] as Knex);
  return store;
}

describe("the vector store", () => {
  it("finds the nearest items of each metric, nearest first", async () => {
    const store = await openMigratedStore();
    const items = [
      { id: "east", vector: [1, 0] },
      { id: "far-east", vector: [10, 1] },
      { id: "north", vector: [0, 2], metadata: { cold: true } },
    ];
    const expected: Record<Metric, string[]> = {
      cosine: ["east", "far-east", "north"],
      dot: ["far-east", "east", "north"],
      euclid: ["east", "north", "far-east"],
    };
    for (const metric of ["cosine", "dot", "euclid"] as const) {
      expect(await store.create(metric, 2, metric)).toBe(true);
      await store.put(metric, items);
      const { results } = await store.search(metric, { vector: [1, 0], count: 3 });
      expect(results.map(({ id }) => id)).toEqual(expected[metric]);
      expect(results.find(({ id }) => id === "north")?.metadata).toEqual({ cold: true });
    }
  });

  it("shows an acknowledged change of one daemon to the next search of another", async () => {
    const one = await openMigratedStore();
    const other = await openStore();
    await one.create("shared", 1, "euclid");
    for (let value = 1; value <= 20; value++) {
      const [writer, reader] = value % 2 === 0 ? [one, other] : [other, one];
      await writer.put("shared", [{ id: `item-${value % 5}`, vector: [value] }]);
      const { results } = await reader.search("shared", { vector: [value], count: 1 });
      expect(results).toEqual([{ id: `item-${value % 5}`, score: 0, distance: 0, metadata: {} }]);
    }
    await one.remove("shared");
    await one.create("shared", 1, "euclid");
    expect((await other.search("shared", { vector: [1], count: 1 })).results).toEqual([]);
  });

  it("waits for another writer without holding up the event loop", async () => {
    const store = await openMigratedStore();
    await store.create("busy", 1, "dot");
    await openStore();
    const writer = await (databases[1] as Knex).transaction();
    await writer("studio_collections").where({ name: "busy" }).update({ revision: "x" });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 10);
    const put = store.put("busy", [{ vector: [1] }]);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(ticks).toBeGreaterThan(2);
    await writer.commit();
    await put;
    clearInterval(timer);
    expect((await store.find("busy")).items).toBe(1);
  });

  it("writes all items of a call or none, however many", async () => {
    const store = await openMigratedStore();
    await store.create("many", 3, "cosine");
    const items = Array.from({ length: 1500 }, (_, index) => ({ vector: [index + 1, 1, 0] }));
    await expect(store.put("many", [...items, { vector: [0, 0, 0] }])).rejects.toMatchObject({
      code: "vector.input",
    });
    expect((await store.find("many")).items).toBe(0);
    await store.put("many", items);
    expect((await store.find("many")).items).toBe(1500);
  });

  it("replaces the item that has the id, and refuses the same id twice in one call", async () => {
    const store = await openMigratedStore();
    await store.create("notes", 1, "dot");
    await store.put("notes", [{ id: "a", vector: [1], metadata: { old: true } }]);
    await store.put("notes", [{ id: "a", vector: [2] }]);
    const { results } = await store.search("notes", { vector: [1], count: 5 });
    expect(results).toEqual([{ id: "a", score: 2, distance: -2, metadata: {} }]);
    const twice = [
      { id: "b", vector: [1] },
      { id: "b", vector: [2] },
    ];
    await expect(store.put("notes", twice)).rejects.toMatchObject({ code: "vector.input" });
  });

  it("names the collection that is missing or differs", async () => {
    const store = await openMigratedStore();
    const missing = { code: "vector.collection.missing" };
    await expect(store.search("none", { vector: [1], count: 1 })).rejects.toMatchObject(missing);
    await expect(store.remove("none")).rejects.toMatchObject(missing);
    await expect(store.put("none", [{ vector: [1] }])).rejects.toMatchObject(missing);
    expect(await store.create("same", 2, "dot")).toBe(true);
    expect(await store.create("same", 2, "dot")).toBe(false);
    await expect(store.create("same", 3, "dot")).rejects.toMatchObject({
      code: "vector.collection.differs",
    });
  });

  it("refuses a vector of another length and values beyond float32", async () => {
    const store = await openMigratedStore();
    await store.create("pair", 2, "dot");
    for (const vector of [[1], [1, 2, 3], [1e39, 0]]) {
      await expect(store.put("pair", [{ vector }])).rejects.toMatchObject({ code: "vector.input" });
      await expect(store.search("pair", { vector, count: 1 })).rejects.toMatchObject({
        code: "vector.input",
      });
    }
  });

  it("says that the migration is missing, and the migration can be undone", async () => {
    const store = await openMigratedStore();
    await forgetVectorChanges(databases[0] as Knex);
    await expect(store.search("any", { vector: [1], count: 1 })).rejects.toMatchObject({
      code: "vector.collection.missing",
    });
    await dropVectorTables(databases[0] as Knex);
    await expect(store.list()).rejects.toMatchObject({
      code: "vector.tables.missing",
      hint: expect.stringContaining("studio migrate up") as string,
    });
  });
});
