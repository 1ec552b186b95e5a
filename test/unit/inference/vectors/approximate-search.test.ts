import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { VectorEngine } from "../../../../src/inference/vectors/engine/engine.ts";
import type { Condition } from "../../../../src/inference/vectors/filter/condition.ts";
import { loadUsearch } from "../../../../src/inference/vectors/index/load-usearch.ts";
import type { Metric } from "../../../../src/inference/vectors/similarity.ts";
import { rounds, timeLimit } from "../../../support/every.ts";
import { randomFrom } from "../../../support/random.ts";
import { equalsFilter, type PlainItem } from "./plain-search.ts";

/** So many that the index holds fewer; of `few` it holds all. */
const dimension = 96;
const few = 24;
const engines: VectorEngine[] = [];

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

/** Vectors near a surface of six dimensions, as embeddings are. */
function vectorMaker(seed: number, values = dimension): () => number[] {
  const random = randomFrom(seed);
  const uniform = (): number => random.below(2000) / 1000 - 1;
  const axes = Array.from({ length: 6 }, () => Array.from({ length: values }, uniform));
  return () => {
    const place = axes.map(uniform);
    return Array.from(
      { length: values },
      (_, index) =>
        place.reduce((sum, one, axis) => sum + one * (axes[axis]?.[index] ?? 0), 0) +
        0.05 * uniform(),
    );
  };
}

async function openIndexed(metric: Metric, count: number, values = dimension) {
  const engine = new VectorEngine({ bytes: 64_000_000, threads: 2, approximateFrom: 1000 });
  engines.push(engine);
  const handle = await engine.open(metric, values);
  const make = vectorMaker(7, values);
  const items = Array.from({ length: count }, (_, row) => ({
    id: `item-${row}`,
    vector: make(),
    metadata: { group: row % 10, row },
  }));
  await put(engine, handle, items);
  return { engine, handle, items, make };
}

async function put(
  engine: VectorEngine,
  handle: number,
  items: readonly PlainItem[],
  removed: readonly string[] = [],
): Promise<void> {
  await engine.apply(handle, {
    ids: items.map(({ id }) => id),
    metadata: items.map(({ metadata }) => JSON.stringify(metadata)),
    vectors: Float32Array.from(items.flatMap(({ vector }) => vector)),
    removed,
  });
}

async function untilApproximate(engine: VectorEngine, handle: number): Promise<void> {
  for (let waited = 0; (await engine.state(handle)).reach === null; waited += 20) {
    if (waited > 60_000) throw new Error("the index is never used");
    await sleep(20);
  }
}

interface Asked {
  vector: readonly number[];
  count?: number;
  filter?: Condition | null;
  exact?: boolean;
}

async function search(engine: VectorEngine, handle: number, asked: Asked) {
  const { count = 10, filter = null, exact = false } = asked;
  const vector = Float32Array.from(asked.vector);
  const { method, found } = await engine.search(handle, { vector, count, filter, exact });
  return { method, ids: found.map(({ id }) => id), scores: found.map(({ score }) => score) };
}

describe("approximate search", () => {
  it("loads its library from a clone and from a package", () => {
    expect(loadUsearch().MetricKind.Cos).toBe("cos");
  });

  it.each([
    ["cosine", dimension],
    ["dot", dimension],
    ["euclid", dimension],
    ["cosine", few],
    ["dot", few],
    ["euclid", few],
  ] as const)(
    "finds at least 99 of 100 neighbours by %s of %i values, with the scores that exact search gives",
    async (metric, values) => {
      const { engine, handle, make } = await openIndexed(metric, 3000, values);
      expect((await search(engine, handle, { vector: make() })).method).toBe("exact");
      await untilApproximate(engine, handle);
      let same = 0;
      for (let round = 0; round < 50; round++) {
        const vector = make();
        const near = await search(engine, handle, { vector });
        const all = await search(engine, handle, { vector, exact: true, count: 40 });
        expect([near.method, all.method]).toEqual(["approximate", "exact"]);
        same += near.ids.filter((id) => all.ids.slice(0, 10).includes(id)).length;
        for (const [place, id] of near.ids.entries()) {
          const other = all.ids.indexOf(id);
          if (other >= 0) expect(near.scores[place]).toBe(all.scores[other]);
        }
      }
      expect(same / 500).toBeGreaterThanOrEqual(0.99);
    },
  );

  it("answers many at once by the index, each as if it were alone", async () => {
    const { engine, handle, make } = await openIndexed("cosine", 2000);
    await untilApproximate(engine, handle);
    const asked: Asked[] = Array.from({ length: 70 }, (_, place) => ({
      vector: make(),
      count: 1 + (place % 12),
      filter: place % 5 === 0 ? equalsFilter("group", place % 10) : null,
    }));
    const together = await Promise.all(asked.map((one) => search(engine, handle, one)));
    for (const [place, one] of asked.entries()) {
      expect(together[place]).toEqual(await search(engine, handle, one));
      if (one.filter === null) expect(together[place]?.method).toBe("approximate");
    }
  });

  it("sees at once what was added, replaced and deleted after the index was built", async () => {
    const { engine, handle, items, make } = await openIndexed("euclid", 1500);
    await untilApproximate(engine, handle);
    for (let round = 0; round < 60; round++) {
      const vector = make();
      const replaced = `item-${round}`;
      await put(engine, handle, [{ id: replaced, vector, metadata: {} }]);
      expect(await search(engine, handle, { vector, count: 1 })).toEqual({
        method: "approximate",
        ids: [replaced],
        scores: [0],
      });
      const old = (items[round] as PlainItem).vector;
      expect((await search(engine, handle, { vector: old, count: 1 })).scores[0]).toBeGreaterThan(
        0,
      );
      await put(engine, handle, [], [replaced]);
      expect((await search(engine, handle, { vector, count: 50 })).ids).not.toContain(replaced);
    }
  });

  it("finds all that a filter leaves, however few they are", async () => {
    const { engine, handle, make } = await openIndexed("cosine", 2000);
    await untilApproximate(engine, handle);
    const few: Condition = { kind: "range", path: ["row"], range: { lt: 7 } };
    for (let round = 0; round < 10; round++) {
      const vector = make();
      const rare = await search(engine, handle, { vector, filter: few });
      expect(rare.method).toBe("exact");
      expect(rare.ids).toHaveLength(7);
      const half: Condition = { kind: "range", path: ["group"], range: { lt: 6 } };
      const common = await search(engine, handle, { vector, filter: half });
      expect(common.method).toBe("approximate");
      expect(common.ids).toHaveLength(10);
      const tenth = await search(engine, handle, { vector, filter: equalsFilter("group", 3) });
      const exact = { vector, filter: equalsFilter("group", 3), exact: true };
      const missed = (await search(engine, handle, exact)).ids.filter(
        (id) => !tenth.ids.includes(id),
      );
      expect(missed.length).toBeLessThanOrEqual(1);
    }
  });

  it("builds the index anew when much of it is gone, and answers meanwhile", async () => {
    const { engine, handle, items, make } = await openIndexed("dot", 1500);
    await untilApproximate(engine, handle);
    const gone = items.slice(0, 700).map(({ id }) => id);
    for (let start = 0; start < gone.length; start += 100) {
      const fresh = Array.from({ length: 100 }, (_, place) => ({
        id: `fresh-${start + place}`,
        vector: make(),
        metadata: {},
      }));
      await put(engine, handle, fresh, gone.slice(start, start + 100));
      const { ids } = await search(engine, handle, { vector: make(), count: 100 });
      expect(ids.filter((id) => gone.slice(0, start + 100).includes(id))).toEqual([]);
    }
    await untilApproximate(engine, handle);
    expect(await engine.state(handle)).toMatchObject({ items: 1500 });
    const vector = make();
    const near = await search(engine, handle, { vector });
    expect(near.ids).toEqual((await search(engine, handle, { vector, exact: true })).ids);
  });

  it("takes in what is added later, and finds it all the while", async () => {
    const { engine, handle, make } = await openIndexed("cosine", 1200);
    await untilApproximate(engine, handle);
    for (let round = 0; round < 6; round++) {
      const fresh = Array.from({ length: 600 }, (_, place) => ({
        id: `fresh-${round}-${place}`,
        vector: make(),
        metadata: {},
      }));
      await put(engine, handle, fresh);
      for (let place = 0; place < 600; place += 40) {
        const { id, vector } = fresh[place] as PlainItem;
        expect((await search(engine, handle, { vector, count: 3 })).ids[0]).toBe(id);
      }
    }
    while ((await engine.state(handle)).indexed < 4000) await sleep(20);
    await untilApproximate(engine, handle);
    let same = 0;
    for (let round = 0; round < 30; round++) {
      const vector = make();
      const { ids } = await search(engine, handle, { vector });
      const exact = await search(engine, handle, { vector, exact: true });
      same += ids.filter((id) => exact.ids.includes(id)).length;
    }
    expect(same / 300).toBeGreaterThanOrEqual(0.98);
  });

  it("is not used where it finds too little, or where memory does not suffice", async () => {
    const engine = new VectorEngine({ bytes: 1_400_000, threads: 1, approximateFrom: 1000 });
    engines.push(engine);
    const handle = await engine.open("cosine", dimension);
    const make = vectorMaker(3);
    const items = Array.from({ length: 2000 }, (_, row) => ({
      id: `item-${row}`,
      vector: make(),
      metadata: {},
    }));
    await put(engine, handle, items);
    await sleep(300);
    expect(await engine.state(handle)).toMatchObject({ items: 2000, reach: null });
    expect((await search(engine, handle, { vector: make() })).method).toBe("exact");
  });

  it(
    "can be ended at any moment: while an index is built, measured, or taken into use",
    async () => {
      const { engine: first, handle, items } = await openIndexed("cosine", 1200);
      const started = performance.now();
      await untilApproximate(first, handle);
      const wholeTime = performance.now() - started;
      const moments = rounds(6, 150);
      for (let round = 0; round < moments; round++) {
        const engine = new VectorEngine({ bytes: 64_000_000, threads: 2, approximateFrom: 1000 });
        await put(engine, await engine.open("cosine", dimension), items);
        await sleep((round / moments) * wholeTime);
        await engine.close();
      }
      // Where the last additions are in it and it is being measured.
      const engine = new VectorEngine({ bytes: 64_000_000, threads: 2, approximateFrom: 1000 });
      const measured = await engine.open("cosine", dimension);
      await put(engine, measured, items);
      while ((await engine.state(measured)).indexed < items.length) await sleep(1);
      await engine.close();
    },
    timeLimit(120_000),
  );
});
