import { describe, expect, test } from "vitest";
import {
  type ElementTypeName,
  elementTypes,
} from "../../../../src/inference/onnx/element-types.ts";
import type { GraphProto } from "../../../../src/inference/onnx/messages.ts";
import { decodeModel, encodeModel, readModel } from "../../../../src/inference/onnx/model-file.ts";
import { runDirectly } from "../../../support/runtime.ts";
import {
  comparisonModel,
  failingModel,
  findingModel,
  identityModel,
  passageModel,
  sampleElements,
  servedTypes,
  totalModel,
} from "../../../support/test-models.ts";

describe("models that are written run in ONNX Runtime", () => {
  test.each(servedTypes)("%s, in rows, as a scalar, and with no elements at all", async (type) => {
    for (const dims of [[3, 2], [], [0, 2], [2, 0, 3]]) {
      const count = dims.reduce((product, size) => product * size, 1);
      const declared = dims.map((size, index) => (index === 0 && size > 0 ? "N" : size));
      const x = { type, dims, data: sampleElements(type, count) as Float32Array };
      const { y } = await runDirectly(identityModel(type, declared), { x });
      expect(y).toEqual(x);
    }
  });

  test("several inputs and outputs of different types and unknown rank", async () => {
    const file = passageModel([
      { input: "a", output: "A", type: "int64", dims: ["N"] },
      { input: "b", output: "B", type: "string", dims: ["N", "M"] },
      { input: "c", output: "C", type: "bool" },
    ]);
    const a = { type: "int64", dims: [1], data: sampleElements("int64", 1) as BigInt64Array };
    const b = { type: "string", dims: [1, 2], data: ["", "ä ✓"] };
    const c = { type: "bool", dims: [1, 1, 1], data: Uint8Array.of(1) };
    expect(await runDirectly(file, { a, b, c })).toEqual({ A: a, B: b, C: c });
  });

  test("comparison, total, finding and failing models do as they say", async () => {
    const row = (...data: number[]) => ({
      type: "float32",
      dims: [1, data.length],
      data: Float32Array.from(data),
    });
    const compared = await runDirectly(comparisonModel(2), { left: row(1, 5), right: row(2, 3) });
    expect(compared["sum"]?.data).toEqual(Float32Array.of(3, 8));
    expect(compared["larger"]?.data).toEqual(Uint8Array.of(0, 1));
    const { total, count } = await runDirectly(totalModel(3), { x: row(1, 2, 4) });
    expect([total?.dims, total?.data[0], count?.data[0]]).toEqual([[], 7, 3n]);
    const x = { ...row(0, 1, 2), dims: [3] };
    expect((await runDirectly(findingModel(), { x }))["places"]?.dims).toEqual([1, 2]);
    await expect(runDirectly(failingModel(), { x })).rejects.toThrow(/Reshape/);
  });
});

describe("element types that ONNX has and its runtime for Node.js does not", () => {
  const others = Object.keys(elementTypes).filter(
    (type) => !servedTypes.some((served) => served === type),
  ) as ElementTypeName[];

  test("are all but thirteen", () => {
    expect(servedTypes).toHaveLength(13);
    expect(others).toHaveLength(13);
  });

  test.each(others)("%s is refused as the model is loaded, or has no tensor", async (type) => {
    const data = new Uint8Array(64);
    const fed = runDirectly(identityModel(type), { x: { type, dims: [2, 2], data } });
    await expect(fed).rejects.toThrow(/type|tensor/i);
  });
});

test("the bundled model is read and written again byte for byte", async () => {
  const file = new URL("../../../../src/inference/bundled/language/model.onnx", import.meta.url);
  const model = await readModel(file.pathname);
  const bytes = encodeModel(model);
  expect(encodeModel({ ...model, graph: { ...(model.graph as GraphProto) } })).toEqual(bytes);
  expect(encodeModel(decodeModel(bytes, "again"))).toEqual(bytes);
});
