import { type Tensors, joinRows, sliceRows } from "../../inference/tensor.ts";
import { randomNumbers } from "../random.ts";
import type { Benchmark } from "./benchmark.ts";

/** A batch of embeddings of a usual size. */
const rows = 32;
const columns = 384;

export function tensorBenchmarks(): Benchmark[] {
  const random = randomNumbers(2);
  const tensor = () => Float32Array.from({ length: rows * columns }, () => random() - 0.5);
  const [one, other] = [tensor(), tensor()];
  const batch: Tensors = { values: { type: "float32", dims: [rows, columns], data: one } };
  const parts = Array.from({ length: rows }, (_, row) => sliceRows(batch, row, row + 1));
  return [
    { name: "tensor add", call: () => one.map((value, index) => value + (other[index] ?? 0)) },
    { name: "tensor softmax", call: () => byRow(one, softmax) },
    { name: "tensor layer normalization", call: () => byRow(one, normalize) },
    { name: "tensor transpose", call: () => transpose(one) },
    { name: "tensor join rows", call: () => joinRows(parts) },
  ];
}

function byRow(
  data: Float32Array,
  act: (from: Float32Array, to: Float32Array) => void,
): Float32Array {
  const result = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += columns) {
    act(data.subarray(start, start + columns), result.subarray(start, start + columns));
  }
  return result;
}

function softmax(from: Float32Array, to: Float32Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of from) largest = Math.max(largest, value);
  let sum = 0;
  for (let index = 0; index < from.length; index += 1) {
    const power = Math.exp((from[index] ?? 0) - largest);
    to[index] = power;
    sum += power;
  }
  for (let index = 0; index < to.length; index += 1) to[index] = (to[index] ?? 0) / sum;
}

function normalize(from: Float32Array, to: Float32Array): void {
  let sum = 0;
  let squares = 0;
  for (const value of from) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / from.length;
  const deviation = Math.sqrt(squares / from.length - mean * mean + 1e-5);
  for (let index = 0; index < from.length; index += 1) {
    to[index] = ((from[index] ?? 0) - mean) / deviation;
  }
}

function transpose(data: Float32Array): Float32Array {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      result[column * rows + row] = data[row * columns + column] ?? 0;
    }
  }
  return result;
}
