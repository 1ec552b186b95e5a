import { availableParallelism } from "node:os";
import { join } from "node:path";
import { graph, model, node, value } from "../../src/inference/onnx/build.ts";
import type { ModelProto } from "../../src/inference/onnx/messages.ts";
import { writeModel } from "../../src/inference/onnx/model-file.ts";
import { type EncoderShape, encoder, perceptron } from "../../test/support/network-models.ts";

/** A model, the one request that is sent to it, and what is asked of `studio serve` with it. */
export interface BenchModel {
  name: string;
  /** Absolute path. */
  file: string;
  /** All of one type and shape, [rows, width]. */
  inputs: readonly string[];
  type: "float32" | "int64";
  rows: number;
  width: number;
  /** The values of one request, input after input, little-endian. */
  body: Buffer;
  /** Rows in one run of the bare session: the best of them is the limit. */
  rawBatches: readonly number[];
  /** The least share of what others reach, rows or requests a second; null: nothing is asked. */
  ofRaw: number | null;
  ofHello: number | null;
  ofEvening: number | null;
  ofFastapi: number | null;
  /**
   * Instances of the daemon that is compared with FastAPI, whose threads compute on all processors
   * at once; null: as many as it has by itself, which is one processor less.
   */
  besideFastapi: number | null;
  /** Microseconds that the way to the worker and back may take one client; null: not measured. */
  hop: number | null;
  /** Whether the model saturates the processor, and /health must answer all the same. */
  health: boolean;
}

/** The load of each model: so many requests wait at a time. */
export const connections = 16;

const unasked = {
  ofRaw: null,
  ofHello: null,
  ofEvening: null,
  ofFastapi: null,
  besideFastapi: null,
  hop: null,
};

/** A tiny model by the row and by 32 rows, one of about 1 to 2 ms a row and one of more than 5 ms. */
export async function benchModels(folder: string): Promise<BenchModel[]> {
  const tiny = perceptron([256, 64, 8]);
  const made: [Omit<BenchModel, "file" | "body">, ModelProto][] = [
    [{ ...ofFloats("tiny", 1, 256), ofHello: 0.45, ofFastapi: 2, hop: 100 }, tiny],
    // 1 MB of weights: 32 rows of the former take less than a hello.
    [{ ...ofFloats("tiny32", 32, 256), ofRaw: 0.5 }, perceptron([256, 512, 256, 8])],
    [
      {
        ...ofTokens("encoder"),
        ofRaw: 0.9,
        ofEvening: 1,
        ofFastapi: 1.1,
        besideFastapi: availableParallelism(),
      },
      pooled({ layers: 2, width: 256, heads: 4, vocabulary: 2000 }),
    ],
    [
      { ...ofTokens("large"), ofRaw: 0.95, ofEvening: 1 },
      pooled({ layers: 6, width: 384, heads: 12, vocabulary: 2000 }),
    ],
  ];
  return await Promise.all(
    made.map(async ([one, content]) => {
      const file = join(folder, `${one.name}.onnx`);
      await writeModel(file, content);
      return { ...one, file, body: bodyOf(one) };
    }),
  );
}

function ofFloats(name: string, rows: number, width: number) {
  const shape = { inputs: ["x"], type: "float32" as const, rows, width };
  return { ...unasked, name, ...shape, rawBatches: [rows], health: false };
}

function ofTokens(name: string) {
  const inputs = ["input_ids", "attention_mask"];
  const shape = { inputs, type: "int64" as const, rows: 1, width: 64 };
  // The daemon computes together what waits; the bare session may do so too.
  return { ...unasked, name, ...shape, rawBatches: [1, connections], health: true };
}

function bodyOf({ type, inputs, rows, width }: Omit<BenchModel, "file" | "body">): Buffer {
  const length = inputs.length * rows * width;
  const values =
    type === "int64" ? new BigInt64Array(length).fill(1n) : new Float32Array(length).fill(0.5);
  return Buffer.from(values.buffer);
}

/** The encoder with the mean of its tokens as its answer, as embeddings are made. */
function pooled(shape: EncoderShape): ModelProto {
  const { graph: whole, opsetImport } = encoder(shape);
  const mean = node("ReduceMean", ["last_hidden_state"], ["embedding"], {
    attributes: { axes: [1], keepdims: 0 },
  });
  return {
    ...model({
      graph: graph({
        ...whole,
        node: [...(whole?.node ?? []), mean],
        output: [value("embedding", "float32", ["batch", shape.width])],
      }),
      operatorSets: { "": 17 },
    }),
    opsetImport,
  };
}
