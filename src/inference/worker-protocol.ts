import type { Care } from "./crashes/care.ts";
import type { NumericData } from "./tensor.ts";

/** What a model says about one of its inputs or outputs; a name stands for a free dimension. */
export interface ValueShape {
  name: string;
  type: string;
  dims: readonly (number | string)[];
}

/**
 * What dimension 0 of all inputs and outputs is: "free", the row of a batch of any size; a number,
 * the rows that the model was exported for; null, no row at all.
 */
export type RowDimension = "free" | number | null;

export interface WorkerSettings {
  /** Absolute path of the model file. */
  file: string;
  /** Threads of one run (ONNX Runtime's intra-op threads). */
  threads: number;
  /** Sizes of free dimensions for the warm-up, by name. */
  warmUp: Record<string, number>;
  /** Null: nothing is done in turn with other models. */
  care: Care | null;
}

/** Lists in messages follow the order of the model's inputs or outputs. */
export type ToWorker =
  | {
      kind: "run";
      id: number;
      /** Where the inputs lie; null: where those of the run before the last one lay. */
      slot: SharedArrayBuffer | null;
      /** False: the slot serves this run alone. */
      keep: boolean;
      shapes: readonly (readonly number[])[];
      /** The inputs that are text; null when none is. */
      texts: readonly (string[] | null)[] | null;
    }
  | { kind: "close" };

export type FromWorker =
  | {
      kind: "ready";
      inputs: ValueShape[];
      outputs: ValueShape[];
      rows: RowDimension;
      /** Where small outputs will lie: runs take turns in using them, by their ids. */
      slots: SharedArrayBuffer[];
    }
  | { kind: "unloadable"; reason: string }
  | {
      kind: "result";
      id: number;
      /** Time of `session.run`. */
      milliseconds: number;
      shapes: number[][];
      /** Outputs that are not in the slot: text, and numbers that were too many. */
      data: (NumericData | string[] | null)[] | null;
    }
  | { kind: "failed"; id: number; reason: string };
