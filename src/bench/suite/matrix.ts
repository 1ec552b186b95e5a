import { randomNumbers } from "../random.ts";
import type { Benchmark } from "./benchmark.ts";

const size = 100;

export function matrixBenchmarks(): Benchmark[] {
  const random = randomNumbers(1);
  const matrix = () => Float64Array.from({ length: size * size }, random);
  const [left, right] = [matrix(), matrix()];
  return [{ name: `matrix product ${size}x${size}`, call: () => product(left, right) }];
}

/** The product of two square matrices that lie row by row. */
function product(left: Float64Array, right: Float64Array): Float64Array {
  const result = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let middle = 0; middle < size; middle += 1) {
      const factor = left[row * size + middle] ?? 0;
      for (let column = 0; column < size; column += 1) {
        const place = row * size + column;
        result[place] = (result[place] ?? 0) + factor * (right[middle * size + column] ?? 0);
      }
    }
  }
  return result;
}
