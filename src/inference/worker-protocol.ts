import type { Tensors } from "./tensor.ts";

/** What a model says about one of its inputs or outputs; a name stands for a free dimension. */
export interface ValueShape {
  name: string;
  type: string;
  dims: readonly (number | string)[];
}

export interface WorkerSettings {
  /** Absolute path of the model file. */
  file: string;
}

export type ToWorker = { kind: "run"; id: number; feeds: Tensors } | { kind: "close" };

export type FromWorker =
  | { kind: "ready"; inputs: ValueShape[]; outputs: ValueShape[] }
  | { kind: "unloadable"; reason: string }
  | { kind: "result"; id: number; outputs: Tensors; milliseconds: number }
  | { kind: "failed"; id: number; reason: string };
