import type { Index } from "usearch";
import { loadUsearch } from "./load-usearch.ts";

/** How a graph keeps its copies of the vectors; the answer is scored from the originals. */
export type Precision = "i8" | "bf16" | "f32";

export interface GraphOptions {
  dimension: number;
  operation: "product" | "square";
  precision: Precision;
  /** The most that work in it at once. */
  threads: number;
}

/**
 * Links of a node and candidates while adding: https://github.com/unum-cloud/usearch#configuration
 * With 16 links, the default, the same recall takes twice the candidates and 1.7 times as long.
 */
const configuration = { connectivity: 32, expansion_add: 128, expansion_search: 16, multi: false };

/** What a row costs beside its vector, in bytes: 64 links, and the way from its number to both. */
export const graphBytes = 350;

/** From this many searches at once the library's own threads are worth starting. */
const worthThreads = 8;

/** The first rows are added one by one: added at once, some can be left without a link to them. */
const firstRows = 1024;

/**
 * A navigable graph of vectors by usearch, whose rows are known by number. A call blocks the thread
 * that makes it, for about the time that one row takes to add.
 */
export class Graph {
  private readonly index: Index;
  private readonly options: GraphOptions;

  constructor(options: GraphOptions) {
    const { Index: UsearchIndex, MetricKind, ScalarKind } = loadUsearch();
    const { dimension: dimensions, operation, precision } = options;
    this.options = options;
    this.index = new UsearchIndex({
      dimensions,
      metric: operation === "product" ? MetricKind.IP : MetricKind.L2sq,
      quantization: { i8: ScalarKind.I8, bf16: ScalarKind.BF16, f32: ScalarKind.F32 }[precision],
      ...configuration,
    });
  }

  /** Rows that are best added at once: one core is left to those who search. */
  get rowsAtOnce(): number {
    return this.index.size() < firstRows ? 1 : Math.max(1, this.options.threads - 1);
  }

  /** @param vectors one after the other @throws Error when the library refuses them */
  add(rows: readonly number[], vectors: Float32Array): void {
    // No more threads work than there are rows. But the library makes room for as many as it is
    // told here, and refuses the searches of any beyond that.
    this.index.add(BigUint64Array.from(rows, BigInt), vectors, this.options.threads);
  }

  /** The rows near each query, nearest first, of as many candidates. */
  search(queries: readonly Float32Array[], candidates: number): Uint32Array[] {
    const { dimension, threads } = this.options;
    const all = new Float32Array(queries.length * dimension);
    for (const [place, query] of queries.entries()) all.set(query, place * dimension);
    const found = this.index.search(all, candidates, queries.length < worthThreads ? 1 : threads);
    if (!("counts" in found)) return [rowsOf(found.keys)];
    const { keys, counts } = found as unknown as { keys: BigUint64Array; counts: BigUint64Array };
    return Array.from(counts, (count, place) =>
      rowsOf(keys.subarray(place * candidates, place * candidates + Number(count))),
    );
  }
}

/** The lower halves of the keys, on processors that put them first, as all do that are supported. */
function rowsOf(keys: BigUint64Array): Uint32Array {
  const halves = new Uint32Array(keys.buffer, keys.byteOffset, keys.length * 2);
  const rows = new Uint32Array(keys.length);
  for (let place = 0; place < rows.length; place++) rows[place] = halves[2 * place] as number;
  return rows;
}
