import { lengthOf, type Metric, type VectorBlock } from "./similarity.ts";
import { VectorError } from "./vector-error.ts";

/**
 * Checks a vector and rounds it to float32.
 * @param what names the vector in a message: "item 3", "the query"
 * @throws VectorError `vector.input`
 */
export function readVector(
  values: readonly number[],
  { dimension, metric }: { dimension: number; metric: Metric },
  what: string,
): Float32Array {
  if (values.length !== dimension) {
    throw new VectorError(
      "vector.input",
      `The vector of ${what} has ${values.length} values; the collection has ${dimension}.`,
    );
  }
  const vector = Float32Array.from(values);
  if (!vector.every((value) => Number.isFinite(value))) {
    throw new VectorError("vector.input", `The vector of ${what} has a value beyond float32.`);
  }
  if (metric === "cosine" && !(lengthOf(vector) > 0)) {
    throw new VectorError(
      "vector.input",
      `The vector of ${what} is zero everywhere: it has no direction for the cosine metric.`,
    );
  }
  return vector;
}

/** The bytes stored: float32, little-endian. */
export function encodeEmbedding(vector: Float32Array): Buffer {
  const bytes = Buffer.alloc(vector.length * 4);
  for (let index = 0; index < vector.length; index++) {
    bytes.writeFloatLE(vector[index] as number, index * 4);
  }
  return bytes;
}

export interface StoredVector {
  id: string;
  embedding: Uint8Array;
  metadata: string;
}

/** @throws VectorError `vector.database` when a stored vector has another length */
export function decodeBlock(rows: readonly StoredVector[], dimension: number): VectorBlock {
  const values = new Float32Array(rows.length * dimension);
  const lengths = new Float64Array(rows.length);
  for (const [row, { id, embedding }] of rows.entries()) {
    if (embedding.byteLength !== dimension * 4) {
      throw new VectorError(
        "vector.database",
        `The stored vector "${id}" has ${embedding.byteLength} bytes instead of ${dimension * 4}.`,
      );
    }
    const view = new DataView(embedding.buffer, embedding.byteOffset, embedding.byteLength);
    const offset = row * dimension;
    for (let index = 0; index < dimension; index++) {
      values[offset + index] = view.getFloat32(index * 4, true);
    }
    lengths[row] = lengthOf(values.subarray(offset, offset + dimension));
  }
  const ids = rows.map(({ id }) => id);
  return { ids, metadata: rows.map(({ metadata }) => metadata), values, lengths };
}
