import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { expect, test } from "vitest";
import { readModel, writeModel } from "../../../src/inference/onnx/model-file.ts";
import { quantizeModel } from "../../../src/inference/quantize/quantize-model.ts";
import { weightLimits } from "../../../src/inference/quantize/weights.ts";
import { sessionSettings } from "../../../src/inference/session-settings.ts";
import { encoder } from "../../support/network-models.ts";

/** How often each operator is in what ONNX Runtime makes of a model. */
async function optimized(model: ReturnType<typeof encoder>): Promise<Map<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), "studio-session-"));
  const [file, made] = [join(folder, "model.onnx"), join(folder, "optimized.onnx")];
  try {
    await writeModel(file, model);
    const settings = { ...sessionSettings(1), optimizedModelFilePath: made };
    const session = await InferenceSession.create(file, settings);
    await session.release();
    const counts = new Map<string, number>();
    for (const { opType = "" } of (await readModel(made)).graph?.node ?? []) {
      counts.set(opType, (counts.get(opType) ?? 0) + 1);
    }
    return counts;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const network = encoder({ layers: 1, width: 64, heads: 4, vocabulary: 50 });

test("a session normalizes layers by themselves, which is faster than what sums first", async () => {
  const operators = await optimized(network);
  expect(operators.get("LayerNormalization")).toBe(3);
  expect([...operators.keys()]).not.toContain("SkipLayerNormalization");
});

test.each([
  [true, "MatMulIntegerToFloat", 6],
  [false, "DynamicQuantizeMatMul", 3],
])("products of whole numbers are one step, each row %s", async (eachRow, operator, count) => {
  const { model } = await quantizeModel(network, {
    limit: weightLimits.full,
    embeddings: false,
    eachRow,
    load: async (tensor) => tensor,
  });
  const operators = await optimized(model);
  expect(operators.get(operator)).toBe(count);
  expect([...operators.keys()]).not.toContain("MatMulInteger");
});
