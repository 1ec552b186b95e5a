/**
 * Vector search beside the product of all vectors with the query by ONNX Runtime's MatMul on all
 * cores, which finds nothing but only computes; interleaved:
 * node benchmarks/vectors.ts [--items N] [--dimension N] [--latent N] [--rounds N] [--check]
 * The vectors lie near a surface of --latent dimensions, as embeddings do. With --check a missed
 * target exits 1.
 */
import { availableParallelism, cpus } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { VectorEngine } from "../src/inference/vectors/engine/engine.ts";
import { randomFrom } from "../test/support/random.ts";
import { productModel } from "./vectors/product-model.ts";

const { values: given } = parseArgs({
  options: {
    items: { type: "string", default: "100000" },
    dimension: { type: "string", default: "384" },
    latent: { type: "string", default: "24" },
    rounds: { type: "string", default: "15" },
    check: { type: "boolean", default: false },
  },
});
const [items, dimension, latent, rounds] = [
  given.items,
  given.dimension,
  given.latent,
  given.rounds,
].map(Number) as [number, number, number, number];
const threads = availableParallelism();
/** Queries that are not among the vectors; all of them together are one measurement of many. */
const queryCount = 64;
const atOnce = 32;

const makeVectors = vectorMaker();
const vectors = makeVectors(items);
const queries = makeVectors(queryCount);
const engine = new VectorEngine({ bytes: 4e9, threads, approximateFrom: Math.min(items, 20_000) });
const handle = await engine.open("cosine", dimension);
const multiply = await openProduct();

await fill();
process.stderr.write("The index is built …\n");
const buildTime = await measure(async () => {
  const isComplete = async (): Promise<boolean> => {
    const { approximate, indexed } = await engine.state(handle);
    return approximate && indexed > 0.98 * items;
  };
  while (!(await isComplete())) await sleep(200);
  // What is measured of it with the last additions.
  await sleep(2000);
});
const recall = await measureRecall();

const subjects: Record<string, () => Promise<unknown>> = {
  product: () => multiply(1),
  exact: () => search(0, true),
  approximate: () => search(0, false),
  productMany: () => multiply(atOnce),
  exactMany: () => Promise.all(Array.from({ length: atOnce }, (_, place) => search(place, true))),
  approximateMany: () =>
    Promise.all(Array.from({ length: atOnce }, (_, place) => search(place, false))),
};
const times = new Map(Object.keys(subjects).map((name) => [name, [] as number[]]));
const delay = monitorEventLoopDelay({ resolution: 1 });
for (let round = 0; round <= rounds; round++) {
  for (const [name, run] of Object.entries(subjects)) {
    // The product runs on this thread.
    if (!name.startsWith("product")) delay.enable();
    const time = await measure(run);
    delay.disable();
    if (round > 0) times.get(name)?.push(time);
  }
}
await engine.close();
report();

function report(): void {
  const median = (name: string): number => {
    const sorted = (times.get(name) ?? []).toSorted((one, other) => one - other);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  const least = (name: string): number => Math.min(...(times.get(name) ?? []));
  const lines = Object.keys(subjects).map((name) => {
    const share = name.endsWith("Many") ? atOnce : 1;
    const each = (time: number): string => `${(time / share).toFixed(2)} ms`.padStart(12);
    return `${name.padEnd(18)}${each(median(name))}${each(least(name))}`;
  });
  const targets = [
    { what: "exact / product", value: median("exact") / median("product"), most: 2 },
    { what: "approximate / exact", value: median("approximate") / median("exact"), most: 0.1 },
    { what: "1 - recall@10", value: 1 - recall, most: 0.01 },
  ];
  const machine = `${threads} × ${cpus()[0]?.model ?? "processor"}`;
  const judged = targets.map(
    ({ what, value, most }) =>
      `${value <= most ? "met   " : "missed"} ${what}: ${value.toFixed(4)} (at most ${most})`,
  );
  const many = median("exactMany") / median("productMany");
  process.stdout.write(
    [
      `${items} × ${dimension}, surface of ${latent} dimensions, ${machine}`,
      `${"per query".padEnd(18)}${"median".padStart(12)}${"least".padStart(12)}`,
      ...lines,
      `${atOnce} at once, exact / product: ${many.toFixed(2)}`,
      `recall@10 ${recall.toFixed(4)}, index ready after ${(buildTime / 1000).toFixed(1)} s`,
      `event loop held up meanwhile: p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms`,
      ...judged,
      "",
    ].join("\n"),
  );
  if (given.check && targets.some(({ value, most }) => value > most)) process.exitCode = 1;
}

async function measure(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

async function search(place: number, exact: boolean) {
  const vector = queries.slice(place * dimension, (place + 1) * dimension);
  return engine.search(handle, { vector, count: 10, filter: null, exact });
}

async function measureRecall(): Promise<number> {
  let found = 0;
  for (let place = 0; place < queryCount; place++) {
    const truth = new Set((await search(place, true)).found.map(({ id }) => id));
    const near = await search(place, false);
    if (near.method !== "approximate") throw new Error("the index is not used");
    found += near.found.filter(({ id }) => truth.has(id)).length;
  }
  return found / (queryCount * 10);
}

async function fill(): Promise<void> {
  const part = 500;
  for (let start = 0; start < items; start += part) {
    const ids = Array.from({ length: Math.min(part, items - start) }, (_, row) => `${start + row}`);
    await engine.apply(handle, {
      ids,
      metadata: ids.map(() => "{}"),
      vectors: vectors.slice(start * dimension, (start + ids.length) * dimension),
      removed: [],
    });
  }
}

/** The product of all vectors with the first queries. */
async function openProduct(): Promise<(count: number) => Promise<unknown>> {
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(productModel(), { intraOpNumThreads: threads });
  const rows = new Tensor("float32", vectors, [items, dimension]);
  return (count) => {
    const columns = new Float32Array(dimension * count);
    for (let place = 0; place < count; place++) {
      for (let index = 0; index < dimension; index++) {
        columns[index * count + place] = queries[place * dimension + index] as number;
      }
    }
    return session.run({ rows, queries: new Tensor("float32", columns, [dimension, count]) });
  };
}

function vectorMaker(): (count: number) => Float32Array<ArrayBuffer> {
  const random = randomFrom(5);
  const normal = (): number => {
    let sum = 0;
    for (let part = 0; part < 4; part++) sum += random.below(65_536) / 65_536 - 0.5;
    return sum * Math.sqrt(3);
  };
  const axes = Float32Array.from({ length: latent * dimension }, normal);
  return (count) => {
    const made = new Float32Array(count * dimension);
    const place = new Float32Array(latent);
    for (let start = 0; start < made.length; start += dimension) {
      for (let axis = 0; axis < latent; axis++) place[axis] = normal();
      for (let index = 0; index < dimension; index++) {
        let sum = 0.3 * normal();
        for (let axis = 0; axis < latent; axis++) {
          sum += (place[axis] as number) * (axes[axis * dimension + index] as number);
        }
        made[start + index] = sum;
      }
    }
    return made;
  };
}
