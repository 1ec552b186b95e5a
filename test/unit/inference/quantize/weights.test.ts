import * as fc from "fast-check";
import { expect, test } from "vitest";
import { cosineOf, compareOutputs } from "../../../../src/inference/quantize/compare-outputs.ts";
import { saturates } from "../../../../src/inference/quantize/processor.ts";
import {
  quantizeColumns,
  quantizeRows,
  transposed,
  weightLimits,
} from "../../../../src/inference/quantize/weights.ts";

const matrices = fc
  .tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }))
  .chain(([rows, columns]) =>
    fc
      .array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), {
        minLength: rows * columns,
        maxLength: rows * columns,
      })
      .map((values) => ({ rows, columns, data: Float32Array.from(values) })),
  );

test("every weight is off by no more than half a step of its column", () => {
  fc.assert(
    fc.property(matrices, fc.constantFrom(...Object.values(weightLimits)), (matrix, limit) => {
      const { values, scales } = quantizeColumns(matrix.data, matrix.columns, limit);
      for (const [index, weight] of matrix.data.entries()) {
        const scale = scales[index % matrix.columns] ?? 0;
        const whole = values[index] ?? 0;
        expect(Math.abs(whole)).toBeLessThanOrEqual(limit);
        const step = scale === 1 && whole === 0 ? 1e-34 : scale;
        expect(Math.abs(weight - whole * scale)).toBeLessThanOrEqual(step * 0.501);
      }
    }),
  );
});

test("a table is quantized by rows as its transpose is by columns", () => {
  fc.assert(
    fc.property(matrices, ({ rows, columns, data }) => {
      const byRows = quantizeRows(data, columns);
      const turned = transposed(data, rows, columns);
      const byColumns = quantizeColumns(turned, rows, weightLimits.full);
      expect(byRows.scales).toEqual(byColumns.scales);
      expect(Float32Array.from(byRows.values)).toEqual(
        transposed(Float32Array.from(byColumns.values), columns, rows),
      );
    }),
  );
});

test("columns of zeros stay zeros, and the largest weight of each keeps its value", () => {
  const { values, scales } = quantizeColumns(Float32Array.of(0, 3, 0, -6), 2, 127);
  expect(Array.from(values)).toEqual([0, 64, 0, -127]);
  expect(scales[1]).toBeCloseTo(6 / 127);
});

test("the cosine of vectors that are alike is 1, of what cannot be compared 0", () => {
  expect(cosineOf([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12);
  expect(cosineOf([1, 0], [0, 1])).toBe(0);
  expect(cosineOf([0, 0], [0, 0])).toBe(1);
  expect(cosineOf([1, 2], [1])).toBe(0);
  expect(cosineOf([1, 2], [Number.NaN, 2])).toBe(0);
  expect(cosineOf([-Infinity, 2], [-Infinity, 2])).toBe(1);
});

test("outputs are judged by their worst sample; whole numbers by the share that is the same", () => {
  const outputs = (scores: number[], labels: number[]) => ({
    scores: { type: "float32", dims: [2], data: Float32Array.from(scores) },
    labels: { type: "int64", dims: [2], data: BigInt64Array.from(labels, BigInt) },
  });
  const before = [outputs([1, 0], [1, 2]), outputs([1, 1], [3, 4])];
  const after = [outputs([1, 0], [1, 2]), outputs([1, 1.5], [3, 5])];
  const [scores, labels] = compareOutputs(before, after);
  expect(scores).toMatchObject({ output: "scores", maximumDifference: 0.5, equal: null });
  expect(scores?.cosine).toBeCloseTo(2.5 / Math.sqrt(2 * 3.25), 6);
  expect(labels).toEqual({ output: "labels", cosine: null, maximumDifference: null, equal: 0.5 });
});

test("products saturate on x86 processors without VNNI alone, as far as the system tells", () => {
  const flags = (names: string) => `processor\t: 0\nflags\t\t: fpu sse2 ${names}\n`;
  expect(saturates("x64", flags("avx2"))).toBe(true);
  expect(saturates("x64", flags("avx2 avx_vnni"))).toBe(false);
  expect(saturates("x64", flags("avx512f avx512_vnni avx512_bitalg"))).toBe(false);
  expect(saturates("arm64", flags("avx2"))).toBe(false);
  expect(saturates("x64", null)).toBe(false);
});
