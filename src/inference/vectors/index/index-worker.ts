import { availableParallelism } from "node:os";
import { type MessagePort, parentPort } from "node:worker_threads";
import type { Index } from "usearch";
import { reasonOf } from "../../../errors.ts";
import type { FromIndex, ToIndex } from "./index-protocol.ts";
import { loadUsearch } from "./load-usearch.ts";

type Search = Extract<ToIndex, { kind: "search" }>;

/** Links of a node and candidates while adding: https://github.com/unum-cloud/usearch#configuration */
const graph = { connectivity: 16, expansion_add: 128, expansion_search: 16 };

/** From this many searches at once the library's own threads are worth starting. */
const worthThreads = 8;

const port = parentPort as MessagePort;
const usearch = loadUsearch();
const indexes = new Map<number, Index>();
let waiting: Search[] = [];

port.on("message", (message: ToIndex) => {
  if (message.kind === "close") port.close();
  else if (message.kind === "drop") indexes.delete(message.key);
  else if (message.kind === "create") create(message);
  else if (message.kind === "search") {
    // What has arrived meanwhile is searched for together.
    if (waiting.length === 0) setImmediate(searchWaiting);
    waiting.push(message);
  } else {
    const { id, key, rows, vectors } = message;
    answer(id, () => {
      indexes.get(key)?.add(rows, vectors, Math.max(1, availableParallelism() - 1));
      return {};
    });
  }
});

function create({
  key,
  dimension,
  operation,
  precision,
}: Extract<ToIndex, { kind: "create" }>): void {
  const { Index: UsearchIndex, MetricKind, ScalarKind } = usearch;
  const index = new UsearchIndex({
    dimensions: dimension,
    metric: operation === "product" ? MetricKind.IP : MetricKind.L2sq,
    quantization: { i8: ScalarKind.I8, bf16: ScalarKind.BF16, f32: ScalarKind.F32 }[precision],
    multi: false,
    ...graph,
  });
  indexes.set(key, index);
}

function searchWaiting(): void {
  const groups = Map.groupBy(waiting, ({ key, count }) => `${key} ${count}`);
  waiting = [];
  for (const group of groups.values()) searchTogether(group);
}

function searchTogether(group: readonly Search[]): void {
  const threads = group.length < worthThreads ? 1 : availableParallelism();
  const [
    {
      key,
      count,
      query: { length: dimension },
    },
  ] = group as [Search];
  const index = indexes.get(key);
  const queries = new Float32Array(group.length * dimension);
  for (const [place, { query }] of group.entries()) queries.set(query, place * dimension);
  let found: Uint32Array[] | null = null;
  for (const [place, { id }] of group.entries()) {
    answer(id, () => {
      if (index === undefined) return {};
      found ??= search(index, queries, count, threads);
      return { rows: found[place] };
    });
  }
}

function search(
  index: Index,
  queries: Float32Array,
  count: number,
  threads: number,
): Uint32Array[] {
  const found = index.search(queries, count, threads);
  if (!("counts" in found)) return [Uint32Array.from(found.keys, Number)];
  const { keys, counts } = found as unknown as { keys: BigUint64Array; counts: BigUint64Array };
  return Array.from(counts, (length, place) =>
    Uint32Array.from(keys.subarray(place * count, place * count + Number(length)), Number),
  );
}

function answer(id: number, act: () => Omit<FromIndex, "id">): void {
  try {
    port.postMessage({ id, ...act() } satisfies FromIndex);
  } catch (error) {
    port.postMessage({ id, failure: reasonOf(error) } satisfies FromIndex);
  }
}
