import { array, assert, asyncProperty, constantFrom, integer, record, tuple } from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VectorEngine } from "../../../../src/inference/vectors/engine/engine.ts";
import { type Metric, metrics } from "../../../../src/inference/vectors/similarity.ts";
import { rounds } from "../../../support/every.ts";
import { equalsFilter, type PlainItem, searchPlainly } from "./plain-search.ts";

let engine: VectorEngine;

beforeAll(() => {
  engine = new VectorEngine({ bytes: 64_000_000, threads: 2, approximateFrom: null });
});

afterAll(() => engine.close());

async function apply(handle: number, items: readonly PlainItem[], removed: string[] = []) {
  return engine.apply(handle, {
    ids: items.map(({ id }) => id),
    metadata: items.map(({ metadata }) => JSON.stringify(metadata)),
    vectors: Float32Array.from(items.flatMap(({ vector }) => vector)),
    removed,
  });
}

async function search(handle: number, vector: readonly number[], count: number, group?: number) {
  const filter = group === undefined ? null : equalsFilter("group", group);
  const query = { vector: Float32Array.from(vector), count, filter, exact: false };
  const { found } = await engine.search(handle, query);
  return found.map(({ id, score }) => ({ id, score }));
}

/** A grid, so that there are duplicates and ties; never zero, which has no direction. */
const coordinate = constantFrom(-2, -1, 1, 2, 3);
const step = record({
  id: integer({ min: 0, max: 25 }),
  vector: tuple(coordinate, coordinate, coordinate, coordinate, coordinate),
  group: integer({ min: 0, max: 2 }),
  removes: constantFrom(false, false, true),
});

describe("exact search", () => {
  it("finds what sorting all scores finds, after additions, replacements and deletions", async () => {
    await assert(
      asyncProperty(
        array(step, { maxLength: 60 }),
        tuple(coordinate, coordinate, coordinate, coordinate, coordinate),
        integer({ min: 1, max: 12 }),
        constantFrom<Metric>(...metrics),
        async (steps, query, count, metric) => {
          const handle = await engine.open(metric, 5);
          const present = new Map<string, PlainItem>();
          for (const { id: number, vector, group, removes } of steps) {
            const id = `item-${number}`;
            if (removes) present.delete(id);
            else present.set(id, { id, vector, metadata: { group } });
            await apply(handle, removes ? [] : [present.get(id) as PlainItem], removes ? [id] : []);
          }
          const items = [...present.values()];
          expect(await search(handle, query, count)).toEqual(
            searchPlainly(items, query, metric, count),
          );
          expect(await search(handle, query, count, 1)).toEqual(
            searchPlainly(items, query, metric, count, ({ group }) => group === 1),
          );
          await engine.drop(handle);
        },
      ),
      { numRuns: rounds(40, 1000) },
    );
  });

  it("does so over many pages of memory, and for many queries at once", async () => {
    const dimension = 200;
    const value = (row: number, index: number) => Math.sin(row * 37.7 + index * index * 0.013);
    const items = Array.from({ length: 3000 }, (_, row) => ({
      id: `item-${row}`,
      // Each vector is there twice.
      vector: Array.from({ length: dimension }, (__, index) => value(row % 1500, index)),
      metadata: { group: row % 7 },
    }));
    for (const metric of metrics) {
      const handle = await engine.open(metric, dimension);
      await apply(handle, items);
      const queries = Array.from({ length: 11 }, (_, place) =>
        Array.from({ length: dimension }, (__, index) => value(place + 0.5, index)),
      );
      const found = await Promise.all(queries.map((query) => search(handle, query, 25)));
      for (const [place, query] of queries.entries()) {
        expect(found[place]).toEqual(searchPlainly(items, query, metric, 25));
      }
      await engine.drop(handle);
    }
  });

  it("is right where float32 is not enough: huge, tiny and nearly equal vectors", async () => {
    const near = (base: number, ulps: number): number => base + base * ulps * 2 ** -23;
    const families: Record<string, number[][]> = {
      huge: [
        [3e38, 1e38],
        [3e38, 2e38],
        [-3e38, 3e38],
        [1e38, 1e38],
      ],
      tiny: [
        [1e-40, 2e-40],
        [2e-40, 1e-40],
        [1e-30, 1e-30],
        [3e-42, 1e-40],
      ],
      equal: Array.from({ length: 40 }, (_, row) => [near(1000, row % 13), near(1000, row % 7)]),
    };
    for (const [name, vectors] of Object.entries(families)) {
      const items = vectors.map((vector, row) => ({ id: `${name}-${row}`, vector, metadata: {} }));
      for (const metric of metrics) {
        const handle = await engine.open(metric, 2);
        await apply(handle, items);
        for (const query of [...vectors.slice(0, 4), [1, -1], [1e-3, 1e3]]) {
          expect(await search(handle, query, 3)).toEqual(searchPlainly(items, query, metric, 3));
        }
        await engine.drop(handle);
      }
    }
  });

  it("gives the memory of deleted and dropped items to others", async () => {
    const small = new VectorEngine({ bytes: 5_000_000, threads: 1, approximateFrom: null });
    const vectors = new Float32Array(20 * 1000).fill(1);
    const names = (from: number): string[] =>
      Array.from({ length: 20 }, (_, row) => `item-${from + row}`);
    const write = async (handle: number, from: number, removed: string[] = []) => {
      const ids = names(from);
      const metadata = ids.map(() => "{}");
      const changes = { ids, metadata, vectors: vectors.slice(), removed };
      expect(await small.apply(handle, changes)).toEqual({ complete: true });
    };
    const handle = await small.open("dot", 1000);
    // Altogether 16 MB of rows, of which 80 kB are there at a time.
    for (let round = 0; round < 200; round++) {
      await write(handle, round * 20, round === 0 ? [] : names((round - 1) * 20));
    }
    expect(await small.state(handle)).toMatchObject({ items: 20 });
    await small.drop(handle);
    for (let round = 0; round < 5; round++) {
      const next = await small.open("dot", 1000);
      for (let part = 0; part < 40; part++) await write(next, part * 20);
      await small.drop(next);
    }
    await small.close();
  });

  it("says when there is no memory for more", async () => {
    const small = new VectorEngine({ bytes: 1_000_000, threads: 1, approximateFrom: null });
    const handle = await small.open("dot", 1000);
    const answers: boolean[] = [];
    for (let row = 0; row < 500; row++) {
      const vectors = new Float32Array(1000).fill(row);
      const changes = { ids: [`item-${row}`], metadata: ["{}"], vectors, removed: [] };
      answers.push((await small.apply(handle, changes)).complete);
    }
    expect(answers.slice(0, 100).every(Boolean)).toBe(true);
    expect(answers.at(-1)).toBe(false);
    expect((await small.state(handle)).bytes).toBeLessThan(1_100_000);
    await small.close();
  });
});
