import type { Condition } from "../filter/condition.ts";
import type { Reach } from "../index/calibrate.ts";
import type { Metric } from "../similarity.ts";
import type { Metadata } from "./row-table.ts";

export interface EngineSettings {
  /** Most bytes of vectors, texts and indexes. */
  bytes: number;
  /** Threads that compare vectors at once. */
  threads: number;
  /** Items from which a collection gets an approximate index; null: never. */
  approximateFrom: number | null;
}

/** Items to add or replace; their vectors follow one another. */
export interface Changes {
  ids: readonly string[];
  /** As JSON. */
  metadata: readonly string[];
  vectors: Float32Array<ArrayBuffer>;
  removed: readonly string[];
}

export interface EngineQuery {
  vector: Float32Array;
  count: number;
  filter: Condition | null;
  /** Compare with all items, even where there is an index. */
  exact: boolean;
}

export type SearchMethod = "exact" | "approximate";

export interface Found {
  id: string;
  score: number;
  metadata: Metadata;
}

export interface SearchAnswer {
  method: SearchMethod;
  found: Found[];
}

/** An answer on its way between threads: arrays of values are copied faster than objects of them. */
export interface FoundColumns {
  method: SearchMethod;
  ids: string[];
  scores: number[];
  metadata: Metadata[];
}

export interface ApplyAnswer {
  /** False: there was no memory for all that was to be added. What was removed is gone. */
  complete: boolean;
}

export interface CollectionState {
  items: number;
  bytes: number;
  /** What searches ask the index for; null while they compare with all. */
  reach: Reach | null;
  /** Rows that the index holds; the others are compared with. */
  indexed: number;
}

export type EngineRequest =
  | { kind: "open"; handle: number; metric: Metric; dimension: number }
  | { kind: "apply"; handle: number; changes: Changes }
  | { kind: "search"; handle: number; query: EngineQuery }
  /** Nobody waits any more for the search that has the same id; the search itself is answered. */
  | { kind: "cancel" }
  | { kind: "state"; handle: number }
  | { kind: "drop"; handle: number }
  | { kind: "close" };

/** Each message carries several of these, and of the answers: a message alone costs some 20 µs. */
export interface ToEngine {
  id: number;
  request: EngineRequest;
}

export interface FromEngine {
  id: number;
  answer?: unknown;
  failure?: string;
}
