/**
 * Vector search beside the product of all vectors with the query by ONNX Runtime's MatMul on all
 * cores, which finds nothing but only computes; interleaved, by one client and by many at once:
 * node benchmarks/vectors.ts [--items N] [--dimension N] [--latent N] [--rounds N] [--check]
 * The vectors are made up. They lie near a surface of --latent dimensions, as embeddings do: 24 is
 * much for the embeddings of sentences, 64 is a hard case, and of vectors without any structure
 * (--latent as large as --dimension) an index finds too little and is not used. Every search is for
 * another vector that is not stored. With --check a missed target exits 1.
 *
 * What the figures do not say:
 * - Exact search is held against the product for one client; many at once are printed and not judged,
 *   because there the product reads the vectors once for all of them, and search for four.
 * - Recall is that of these made up vectors. Of others an index is measured when it is built, and not
 *   used where it finds too little; how much faster it is depends on the vectors.
 * - Searches go to the engine, without the database and without HTTP.
 * - They hold for the machine that the first line names, and for no other.
 */
import { availableParallelism, cpus } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { VectorEngine } from "../src/inference/vectors/engine/engine.ts";
import { openProduct } from "./vectors/product.ts";
import { vectorMaker } from "./vectors/vector-maker.ts";

const { values: given } = parseArgs({
  options: {
    items: { type: "string", default: "100000" },
    dimension: { type: "string", default: "384" },
    latent: { type: "string", default: "24" },
    rounds: { type: "string", default: "40" },
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
const queryCount = 512;
/** Queries of one measurement: one after the other, or all at once. */
const queriesEach = 32;
/** Rounds of which nothing is noted, in which V8 compiles what is called often. */
const warmUp = 10;

const makeVectors = vectorMaker(dimension, latent);
const vectors = makeVectors(items);
const queries = makeVectors(queryCount);
const before = process.memoryUsage.rss();
const engine = new VectorEngine({ bytes: 4e9, threads, approximateFrom: Math.min(items, 20_000) });
const handle = await engine.open("cosine", dimension);

const fillTime = await measure(fill);
process.stderr.write("The index is built …\n");
const buildTime = await measure(async () => {
  // Until all but the last few are in it: those wait until they are worth adding.
  while ((await engine.state(handle)).indexed < items - 512) await sleep(200);
  for (let waited = 0; waited < 30_000 && (await reach()) === null; waited += 100) await sleep(100);
});
const memory = process.memoryUsage.rss() - before;
const multiply = await openProduct({ rows: vectors, dimension, threads });
const recall = await measureRecall();

const subjects: Record<string, (first: number) => Promise<unknown>> = {
  "product, 1 client": oneByOne((place) => multiply([queryAt(place)])),
  "exact, 1 client": oneByOne((place) => search(place, true)),
  "approximate, 1 client": oneByOne((place) => search(place, false)),
  [`product, ${queriesEach} at once`]: (first) =>
    multiply(placesFrom(first).map((place) => queryAt(place))),
  [`exact, ${queriesEach} at once`]: allAtOnce((place) => search(place, true)),
  [`approximate, ${queriesEach} at once`]: allAtOnce((place) => search(place, false)),
};
const times = new Map(Object.keys(subjects).map((name) => [name, [] as number[]]));
const delay = monitorEventLoopDelay({ resolution: 1 });
for (let round = -warmUp; round < rounds; round++) {
  for (const [name, run] of Object.entries(subjects)) {
    // The product runs on this thread.
    if (!name.startsWith("product")) delay.enable();
    const time = await measure(() => run((round + warmUp) * queriesEach));
    delay.disable();
    if (round >= 0) times.get(name)?.push(time / queriesEach);
  }
}
const used = await reach();
await engine.close();
report();

function report(): void {
  const sorted = (name: string): number[] =>
    (times.get(name) ?? []).toSorted((one, other) => one - other);
  const median = (name: string): number => sorted(name)[Math.floor(rounds / 2)] ?? Number.NaN;
  const lines = Object.keys(subjects).map((name) => {
    const each = (time = Number.NaN): string => `${time.toFixed(3)} ms`.padStart(12);
    return `${name.padEnd(24)}${each(median(name))}${each(sorted(name)[0])}`;
  });
  const targets = ["1 client", `${queriesEach} at once`].flatMap((clients) => {
    const exact = median(`exact, ${clients}`);
    return [
      // Many products at once share what they read; a search shares it among four.
      ...(clients === "1 client"
        ? [{ what: "exact / product", value: exact / median(`product, ${clients}`), most: 2 }]
        : []),
      {
        what: `approximate / exact, ${clients}`,
        value: median(`approximate, ${clients}`) / exact,
        most: 0.1,
      },
    ];
  });
  targets.push({ what: "1 - recall@10", value: 1 - recall, most: 0.01 });
  const judged = targets.map(
    ({ what, value, most }) =>
      `${value <= most ? "met   " : "missed"} ${what}: ${value.toFixed(4)} (at most ${most})`,
  );
  const many = `${queriesEach} at once`;
  const shared = median(`exact, ${many}`) / median(`product, ${many}`);
  process.stdout.write(
    [
      `${items} × ${dimension}, surface of ${latent} dimensions, ` +
        `${threads} × ${cpus()[0]?.model ?? "processor"}`,
      used === null
        ? "index: finds too little, not used"
        : `index: ${used.breadth} candidates, ${used.scored} of them scored anew`,
      `${"per query".padEnd(24)}${"median".padStart(12)}${"least".padStart(12)}`,
      ...lines,
      `exact / product, ${many}: ${shared.toFixed(2)}`,
      `recall@10 ${recall.toFixed(4)}, in memory after ${(fillTime / 1000).toFixed(1)} s, ` +
        `index ready after ${(buildTime / 1000).toFixed(1)} s more, ` +
        `resident ${(memory / 2 ** 20).toFixed(0)} MiB for ` +
        `${((items * dimension * 4) / 2 ** 20).toFixed(0)} MiB of vectors`,
      `event loop held up meanwhile: p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms`,
      ...judged,
      "",
    ].join("\n"),
  );
  if (given.check && targets.some(({ value, most }) => value > most)) process.exitCode = 1;
}

function oneByOne(run: (place: number) => Promise<unknown>) {
  return async (first: number): Promise<void> => {
    for (const place of placesFrom(first)) await run(place);
  };
}

function allAtOnce(run: (place: number) => Promise<unknown>) {
  return (first: number) => Promise.all(placesFrom(first).map(run));
}

function placesFrom(first: number): number[] {
  return Array.from({ length: queriesEach }, (_, place) => (first + place) % queryCount);
}

function queryAt(place: number): Float32Array {
  return queries.subarray(place * dimension, (place + 1) * dimension);
}

async function reach() {
  return (await engine.state(handle)).reach;
}

async function measure(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

async function search(place: number, exact: boolean) {
  const vector = queryAt(place).slice();
  return engine.search(handle, { vector, count: 10, filter: null, exact });
}

async function measureRecall(): Promise<number> {
  let found = 0;
  for (let place = 0; place < queryCount; place++) {
    const truth = new Set((await search(place, true)).found.map(({ id }) => id));
    const near = await search(place, false);
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
