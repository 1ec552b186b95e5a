import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Running, serveWith, startRunning } from "./running.ts";

const collections = "/api/v1/vector/collections";
const searchPath = "/api/v1/vector/search";
let running: Running;

beforeAll(async () => {
  const serve = serveWith({});
  // More tokens than these are refused, or cut where that is asked.
  running = await startRunning({ serve: { ...serve, limits: { ...serve.limits, tokens: 12 } } });
});

afterAll(() => running.close());

async function post(path: string, body: unknown): Promise<Answer> {
  return running.send("POST", path, { body });
}

async function create(name: string, body: object): Promise<void> {
  expect((await running.send("PUT", `${collections}/${name}`, { body })).status).toBe(201);
}

describe("vector collections", () => {
  it("are created, filled, searched and deleted", async () => {
    const body = { dimension: 2, metric: "euclidean" };
    const created = await running.send("PUT", `${collections}/notes`, { body });
    expect(created).toMatchObject({ status: 201, body: { name: "notes", items: 0, ...body } });
    expect((await running.send("PUT", `${collections}/notes`, { body })).status).toBe(200);
    const differs = await running.send("PUT", `${collections}/notes`, { body: { dimension: 3 } });
    expect(differs.status).toBe(409);

    const items = [
      { id: "a", vector: [0, 0] },
      { vector: [3, 4], metadata: { page: 7 } },
    ];
    const added = await post(`${collections}/notes/items`, { items });
    expect(added).toMatchObject({ status: 201, body: { ids: ["a", expect.any(String)] } });
    const search = { collection: "notes", vector: [0, 0], top_k: 2 };
    expect((await post(searchPath, search)).body).toEqual({
      collection: "notes",
      metric: "euclidean",
      method: "exact",
      results: [
        { id: "a", score: 0, distance: 0, metadata: {} },
        { id: expect.any(String) as string, score: 5, distance: 5, metadata: { page: 7 } },
      ],
    });
    const filter = { field: "page", range: { gte: 5 } };
    expect((await post(searchPath, { ...search, filter })).body).toMatchObject({
      results: [{ score: 5 }],
    });
    const list = await running.send("GET", collections);
    expect(list.body).toMatchObject({ collections: [{ name: "notes", items: 2 }] });

    expect((await running.send("DELETE", `${collections}/notes`)).status).toBe(204);
    expect((await running.send("GET", `${collections}/notes`)).status).toBe(404);
    const gone = await post(searchPath, search);
    expect(gone.status).toBe(404);
    expect(JSON.stringify(gone.body)).toContain("vector.collection.missing");
  });

  it("give five results when nothing is said, by score and by distance", async () => {
    await create("seven", { dimension: 1, metric: "dot" });
    const items = Array.from({ length: 7 }, (_, index) => ({ id: `i${index}`, vector: [index] }));
    await post(`${collections}/seven/items`, { items });
    const { body } = await post(searchPath, { collection: "seven", vector: [2] });
    const { results } = body as { results: { id: string; score: number; distance: number }[] };
    expect(results.map(({ id, score, distance }) => [id, score, distance])).toEqual(
      [6, 5, 4, 3, 2].map((value) => [`i${value}`, 2 * value, -2 * value]),
    );
  });

  it("show, page and delete items by id, whatever the id is made of", async () => {
    await create("ids", { dimension: 2 });
    const ids = ["plain", "with/slash", "with space", "日本?", "x".repeat(256)];
    const items = ids.map((id, index) => ({ id, vector: [1, index], metadata: { index } }));
    await post(`${collections}/ids/items`, { items });
    for (const [index, id] of ids.entries()) {
      const path = `${collections}/ids/items/${encodeURIComponent(id)}`;
      expect(await running.send("GET", path)).toMatchObject({
        status: 200,
        body: { id, vector: [1, index], metadata: { index } },
      });
    }
    const seen: string[] = [];
    let query = "?limit=2";
    while (query !== "") {
      const { body } = await running.send("GET", `${collections}/ids/items${query}`);
      const page = body as { items: { id: string; vector?: number[] }[]; next: string | null };
      expect(page.items.every(({ vector }) => vector === undefined)).toBe(true);
      seen.push(...page.items.map(({ id }) => id));
      query = page.next === null ? "" : `?limit=2&after=${encodeURIComponent(page.next)}`;
    }
    expect(seen.sort()).toEqual(ids.toSorted());

    const slash = `${collections}/ids/items/${encodeURIComponent("with/slash")}`;
    expect((await running.send("DELETE", slash)).status).toBe(204);
    expect((await running.send("DELETE", slash)).status).toBe(404);
    expect((await running.send("GET", slash)).status).toBe(404);
    const deleted = await post(`${collections}/ids/items/delete`, { ids: ["plain", "none"] });
    expect(deleted).toMatchObject({ status: 200, body: { deleted: ["plain"] } });
    const { body } = await post(searchPath, { collection: "ids", vector: [1, 0], top_k: 10 });
    expect((body as { results: unknown[] }).results).toHaveLength(3);
  });

  it("add without replacing when told to", async () => {
    await create("once", { dimension: 1, metric: "dot" });
    const items = [{ id: "a", vector: [1] }];
    expect((await post(`${collections}/once/items`, { items, mode: "add" })).status).toBe(201);
    expect((await post(`${collections}/once/items`, { items, mode: "add" })).status).toBe(409);
    expect((await post(`${collections}/once/items`, { items })).status).toBe(201);
  });

  it("are searched by a text where a model turns it into a vector; long texts are refused", async () => {
    const words = ["a large cat", "a printing machine"];
    const { body } = await post("/v1/embeddings", { input: words });
    const { data } = body as { data: { embedding: number[] }[] };
    await create("texts", { dimension: 128 });
    const items = data.map(({ embedding }, index) => ({ id: words[index], vector: embedding }));
    expect((await post(`${collections}/texts/items`, { items })).status).toBe(201);
    const search = (query: object) => post(searchPath, { collection: "texts", ...query });
    const found = await search({ query: "a small cat", top_k: 1 });
    expect(found).toMatchObject({ status: 200, body: { results: [{ id: "a large cat" }] } });
    expect((await search({ query: "x".repeat(101) })).status).toBe(400);
    const long = "a small cat ".repeat(8);
    expect((await search({ query: long })).status).toBe(413);
    const cut = await search({ query: long, truncate: true, top_k: 1 });
    expect(cut).toMatchObject({ status: 200, body: { results: [{ id: "a large cat" }] } });
    expect((await search({ query: "what", vector: [1, 0] })).status).toBe(400);
    expect((await search({})).status).toBe(400);
  });
});

describe("hostile input for vectors", () => {
  const items = (item: unknown) => ({ items: [item] });
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });

  it.each([
    ["another dimension", items({ vector: [1, 2, 3] })],
    ["no vector", items({ id: "a" })],
    ["an empty vector", items({ vector: [] })],
    ["a text in a vector", items({ vector: [1, "2"] })],
    ["null in a vector, as NaN becomes in JSON", items({ vector: [1, Number.NaN] })],
    ["a value beyond float32", items({ vector: [1e39, 0] })],
    ["a direction of zero", items({ vector: [0, 0] })],
    ["too many values", items({ vector: Array.from({ length: 20_000 }, () => 1) })],
    ["an empty id", items({ id: "", vector: [1, 2] })],
    ["a long id", items({ id: "x".repeat(257), vector: [1, 2] })],
    ["an id with NUL", items({ id: "a\0", vector: [1, 2] })],
    ["an id that ends in a space", items({ id: "a ", vector: [1, 2] })],
    ["half a character in an id", items({ id: "\ud800", vector: [1, 2] })],
    ["a number as id", items({ id: 5, vector: [1, 2] })],
    ["huge metadata", items({ vector: [1, 2], metadata: { text: "x".repeat(20_000) } })],
    ["deep metadata", items({ vector: [1, 2], metadata: deep(40) })],
    ["very deep metadata", items({ vector: [1, 2], metadata: deep(2000) })],
    ["a list as metadata", items({ vector: [1, 2], metadata: [1] })],
    ["an unknown key", items({ vector: [1, 2], embedding: [1, 2] })],
    ["no items", { items: [] }],
    ["too many items", { items: Array.from({ length: 9 }, () => ({ vector: [1, 2] })) }],
    ["the same id twice", { items: ["a", "a"].map((id) => ({ id, vector: [1, 2] })) }],
  ])("%s is refused, and nothing is stored", async (_what, body) => {
    await running.send("PUT", `${collections}/hostile`, { body: { dimension: 2 } });
    const answer = await post(`${collections}/hostile/items`, body);
    expect([400, 413]).toContain(answer.status);
    const collection = await running.send("GET", `${collections}/hostile`);
    expect(collection.body).toMatchObject({ items: 0 });
  });

  it.each([
    [{ vector: [1, 2, 3] }],
    [{ vector: [0, 0] }],
    [{ vector: [1e39, 1] }],
    [{ vector: [1, 2], top_k: 0 }],
    [{ vector: [1, 2], top_k: 1001 }],
    [{ vector: [1, 2], top_k: "5" }],
    [{ vector: [1, 2], filter: [] }],
    [{ vector: [1, 2], filter: {} }],
    [{ vector: [1, 2], filter: { field: "a", like: 1 } }],
    [{ vector: [1, 2], filter: deep(500) }],
  ])("a search for %j is refused", async (body) => {
    await running.send("PUT", `${collections}/hostile`, { body: { dimension: 2 } });
    expect((await post(searchPath, { collection: "hostile", ...body })).status).toBe(400);
    const fine = await post(searchPath, { collection: "hostile", vector: [1, 2] });
    expect(fine.status).toBe(200);
  });

  it.each([0, 16_001, 1_000_000, 1.5, -1, "2"])(
    "a dimension of %s is refused",
    async (dimension) => {
      const answer = await running.send("PUT", `${collections}/large`, { body: { dimension } });
      expect(answer.status).toBe(400);
    },
  );

  it.each(["-a", "a%20b", "..%2F..", "x".repeat(64), "%00"])(
    "a collection %s is refused",
    async (name) => {
      const body = { dimension: 2 };
      expect((await running.send("PUT", `${collections}/${name}`, { body })).status).toBe(400);
    },
  );
});
