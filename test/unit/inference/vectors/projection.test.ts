import { describe, expect, it } from "vitest";
import { fitProjection } from "../../../../src/inference/vectors/index/projection.ts";
import { randomFrom } from "../../../support/random.ts";

const dimension = 128;

/** Vectors of length 1 that lie in so many directions, and a little beside them. */
function sample(count: number, directions: number, beside = 0.01): Float32Array {
  const random = randomFrom(11);
  const normal = () =>
    Array.from({ length: 4 }, () => random.below(65_536) / 65_536 - 0.5).reduce((a, b) => a + b);
  const axes = Array.from({ length: directions }, () =>
    Float32Array.from({ length: dimension }, normal),
  );
  const vectors = new Float32Array(count * dimension);
  for (let row = 0; row < count; row++) {
    const vector = new Float32Array(dimension).map(() => beside * normal());
    for (const axis of axes) {
      const share = normal();
      for (let index = 0; index < dimension; index++) {
        vector[index] = (vector[index] as number) + share * (axis[index] as number);
      }
    }
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    vectors.set(
      vector.map((value) => value / length),
      row * dimension,
    );
  }
  return vectors;
}

function productOf(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, index) => sum + value * (other[index] as number), 0);
}

const rowOf = (vectors: Float32Array, row: number) =>
  vectors.subarray(row * dimension, (row + 1) * dimension);

describe("a projection of vectors that lie in few directions", () => {
  it("has few values, and keeps their products", async () => {
    const vectors = sample(1200, 12);
    const projection = await fitProjection(vectors, dimension);
    expect(projection?.size).toBe(32);
    for (let row = 0; row < 50; row++) {
      const [one, other] = [rowOf(vectors, row), rowOf(vectors, row + 600)];
      const [near, far] = [projection?.apply(one), projection?.apply(other)];
      const kept = productOf(near ?? one, far ?? other);
      expect(Math.abs(kept - productOf(one, other))).toBeLessThan(0.005);
    }
  });

  it("has as many values as they need", async () => {
    expect((await fitProjection(sample(1200, 45, 0.001), dimension))?.size).toBe(48);
  });

  it("is the same each time", async () => {
    const vectors = sample(800, 12);
    const [one, other] = await Promise.all([
      fitProjection(vectors, dimension),
      fitProjection(vectors, dimension),
    ]);
    expect(one?.apply(rowOf(vectors, 3))).toEqual(other?.apply(rowOf(vectors, 3)));
  });

  it("can be had of vectors of one direction, and of none", async () => {
    const vectors = sample(400, 1, 0);
    const projection = await fitProjection(vectors, dimension);
    for (const value of projection?.apply(rowOf(vectors, 1)) ?? []) expect(value).not.toBeNaN();
    expect(await fitProjection(new Float32Array(400 * dimension), dimension)).not.toBeUndefined();
  });
});

it("there is none of vectors without structure, of few values, or of few vectors", async () => {
  expect(await fitProjection(sample(1200, 0, 1), dimension)).toBeNull();
  expect(await fitProjection(new Float32Array(4000 * 24).fill(1), 24)).toBeNull();
  expect(await fitProjection(sample(40, 12), dimension)).toBeNull();
  expect(await fitProjection(new Float32Array(), dimension)).toBeNull();
});
