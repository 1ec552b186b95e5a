/** How an index keeps its copies of the vectors; the answer is scored from the originals. */
export type Precision = "i8" | "bf16" | "f32";

export type ToIndex =
  | {
      kind: "create";
      key: number;
      dimension: number;
      operation: "product" | "square";
      precision: Precision;
    }
  /** Vectors follow one another, each of the dimension given. */
  | { kind: "add"; id: number; key: number; rows: BigUint64Array; vectors: Float32Array }
  | { kind: "search"; id: number; key: number; query: Float32Array; count: number }
  | { kind: "drop"; key: number }
  | { kind: "close" };

/** `rows`: of a search, nearest first. */
export type FromIndex = { id: number; rows?: Uint32Array; failure?: string };
