// Models that answer with what they are given, for tests of what goes over the wire.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, vi } from "vitest";
import type { ElementTypeName } from "../../../src/inference/onnx/element-types.ts";
import { passageModel } from "../../support/test-models.ts";
import { type Running, startRunning } from "./running.ts";

/** The types of ONNX, by the name of the Open Inference Protocol. */
export const elementTypes = {
  FP32: "float32",
  UINT8: "uint8",
  INT8: "int8",
  UINT16: "uint16",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  BYTES: "string",
  BOOL: "bool",
  FP16: "float16",
  FP64: "float64",
  UINT32: "uint32",
  UINT64: "uint64",
} as const satisfies Record<string, ElementTypeName>;

export interface EchoValue {
  name: string;
  datatype: keyof typeof elementTypes;
  /** A name stands for a free dimension. */
  dims: readonly (string | number)[];
}

/** Writes `<models>/<name>/<version>/model.onnx`: an output `<input>_out` for each input. */
export async function writeEchoModel(
  models: string,
  name: string,
  values: readonly EchoValue[],
  version = "1",
): Promise<void> {
  const folder = join(models, name, version);
  await mkdir(folder, { recursive: true });
  const passages = values.map(({ name: input, datatype, dims }) => {
    return { input, output: `${input}_out`, type: elementTypes[datatype], dims };
  });
  await writeFile(join(folder, "model.onnx"), passageModel(passages));
}

/** A daemon that is ready to echo `x`, float32 rows of two, by the model `echo`. */
export async function startEchoing(): Promise<Running> {
  const running = await startRunning({}, (models) =>
    writeEchoModel(models, "echo", [{ name: "x", datatype: "FP32", dims: ["N", 2] }]),
  );
  await vi.waitFor(async () => {
    expect((await running.send("GET", "/v2/health/ready")).status).toBe(200);
  }, 10_000);
  return running;
}
