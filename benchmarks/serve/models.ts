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
  /** The least share of the bare session's rows a second, and of FastAPI's. */
  ofRaw: number | null;
  ofFastapi: number | null;
}

/** A tiny model by the row and by 32 rows, one of about 1 to 2 ms a row and one of more than 5 ms. */
export async function benchModels(folder: string): Promise<BenchModel[]> {
  const tiny = perceptron([256, 64, 8]);
  const made: [Omit<BenchModel, "file" | "body">, ModelProto][] = [
    [{ ...ofFloats("tiny", 1, 256), ofRaw: null, ofFastapi: 2 }, tiny],
    [{ ...ofFloats("tiny32", 32, 256), ofRaw: 0.5, ofFastapi: null }, tiny],
    [
      { ...ofTokens("encoder"), ofRaw: 0.9, ofFastapi: 1.1 },
      pooled({ layers: 2, width: 256, heads: 4, vocabulary: 2000 }),
    ],
    [
      { ...ofTokens("large"), ofRaw: 0.95, ofFastapi: null },
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
  return { name, inputs: ["x"], type: "float32" as const, rows, width };
}

function ofTokens(name: string) {
  const inputs = ["input_ids", "attention_mask"];
  return { name, inputs, type: "int64" as const, rows: 1, width: 64 };
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
