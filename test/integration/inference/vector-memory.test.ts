import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Knex } from "knex";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseDatabaseUrl } from "../../../src/database/address.ts";
import { connectDatabase } from "../../../src/database/connect.ts";
import { VectorStore } from "../../../src/inference/vectors.ts";
import { createVectorTables } from "../../support/vector-migrations.ts";
import { searchPlainly } from "../../unit/inference/vectors/plain-search.ts";

let folder = "";
const opened: { store: VectorStore; database: Knex }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-vector-memory-"));
});

afterEach(async () => {
  for (const { store, database } of opened.splice(0)) {
    await store.close();
    await database.destroy();
  }
  await rm(folder, { recursive: true });
});

async function open(memory: number): Promise<VectorStore> {
  const database = await connectDatabase(parseDatabaseUrl("sqlite:studio.db", folder), {});
  const now = (): Date => new Date("2026-11-21T00:00:00Z");
  const store = new VectorStore(database, { now, threads: 1, memory });
  opened.push({ store, database });
  await createVectorTables(database);
  return store;
}

/** Items whose metadata takes more memory than the stores below have. */
const longItems = Array.from({ length: 10 }, (_, row) => ({
  id: `long-${row}`,
  vector: [0, row + 1],
  metadata: { text: "x".repeat(16_000) },
}));

async function idsOf(store: VectorStore, name: string, vector: number[]): Promise<string[]> {
  const { results } = await store.search(name, { vector, count: 3 });
  return results.map(({ id }) => id);
}

describe("memory of a store", () => {
  it("stays within its bound: what does not fit is searched where it is stored", async () => {
    const store = await open(1_500_000);
    const vectorOf = (row: number): number[] =>
      Array.from({ length: 200 }, (_, index) => Math.cos(row + index * 0.1));
    const fill = async (name: string, count: number): Promise<void> => {
      await store.create(name, 200, "cosine");
      for (let from = 0; from < count; from += 250) {
        const items = Array.from({ length: 250 }, (_, row) => ({
          id: `item-${from + row}`,
          vector: vectorOf(from + row),
          metadata: { even: row % 2 === 0 },
        }));
        await store.put(name, items);
      }
    };
    await fill("small", 750);
    await fill("other", 750);
    await fill("large", 3000);
    const filter = { field: "even", equals: true };
    for (const name of ["small", "other", "large", "small"]) {
      const count = name === "large" ? 3000 : 750;
      const items = Array.from({ length: count }, (_, row) => ({
        id: `item-${row}`,
        vector: vectorOf(row),
        metadata: { even: row % 2 === 0 },
      }));
      const query = vectorOf(0.5);
      const { results } = await store.search(name, { vector: query, count: 9, filter });
      expect(results.map(({ id, score }) => ({ id, score }))).toEqual(
        searchPlainly(items, query, "cosine", 9, ({ even }) => even === true),
      );
      expect((await store.state(name)) === null).toBe(name === "large");
    }
  });

  it("finds nothing that was deleted once an addition has gone beyond the bound", async () => {
    const store = await open(300_000);
    await store.create("notes", 2, "dot");
    await store.put("notes", [
      { id: "kept", vector: [1, 0] },
      { id: "gone", vector: [2, 0] },
    ]);
    expect(await idsOf(store, "notes", [1, 0])).toEqual(["gone", "kept"]);
    await store.put("notes", longItems);
    expect(await idsOf(store, "notes", [0, 1])).toEqual(["long-9", "long-8", "long-7"]);
    await store.delete("notes", ["gone", "long-8"]);
    expect(await idsOf(store, "notes", [1, 0])).toEqual(["kept", "long-0", "long-1"]);
    expect(await idsOf(store, "notes", [0, 1])).toEqual(["long-9", "long-7", "long-6"]);
  });

  it("finds all of a collection that does not fit while others take all there is", async () => {
    const store = await open(300_000);
    await store.create("large", 2, "dot");
    const items = Array.from({ length: 1500 }, (_, row) => ({ id: `${row}`, vector: [row, 1] }));
    await store.put("large", items);
    expect(await store.state("large")).toBeNull();
    await store.create("long", 2, "dot");
    await store.put("long", longItems);
    expect(await store.state("long")).toMatchObject({ items: longItems.length });
    expect(await idsOf(store, "large", [1, 0])).toEqual(["1499", "1498", "1497"]);
  });

  it("serves many searches at once of a collection that does not fit, page after page", async () => {
    const store = await open(300_000);
    await store.create("large", 2, "dot");
    const items = Array.from({ length: 2000 }, (_, row) => ({ id: `${row}`, vector: [row, 1] }));
    await store.put("large", items);
    const searches = Array.from({ length: 40 }, () => idsOf(store, "large", [1, 0]));
    for (const ids of await Promise.all(searches)) expect(ids).toEqual(["1999", "1998", "1997"]);
  });

  it("refuses a search for which there is not even memory for a page, and counts none for it", async () => {
    const store = await open(100_000);
    await store.create("large", 200, "dot");
    const vector = Array.from({ length: 200 }, () => 1);
    await store.put(
      "large",
      Array.from({ length: 300 }, () => ({ vector })),
    );
    for (let search = 1; search <= 3; search++) {
      await expect(store.search("large", { vector, count: 1 })).rejects.toMatchObject({
        code: "vector.engine",
        message: expect.stringContaining("no memory left") as string,
      });
    }
    await store.create("small", 2, "dot");
    await store.put("small", [{ id: "one", vector: [1, 0] }]);
    expect(await idsOf(store, "small", [1, 0])).toEqual(["one"]);
    expect(await store.state("small")).toMatchObject({ items: 1 });
  });
});
