import { endianness } from "node:os";
import { lengthOf, type Metric } from "../similarity.ts";
import { VectorError } from "../vector-error.ts";

/**
 * Checks a vector and rounds it to float32.
 * @param what names the vector in a message: "item 3", "the query"
 * @throws VectorError `vector.input`
 */
export function readVector(
  values: ArrayLike<number>,
  { dimension, metric }: { dimension: number; metric: Metric },
  what: string,
): Float32Array<ArrayBuffer> {
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

const isLittleEndian = endianness() === "LE";

/** The bytes stored: float32, little-endian. */
export function encodeEmbedding(vector: Float32Array): Buffer {
  const bytes = Buffer.from(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
  return isLittleEndian ? bytes : bytes.swap32();
}

export interface StoredVector {
  id: string;
  embedding: Uint8Array;
  metadata: string;
}

/**
 * The vectors of the rows one after the other.
 * @throws VectorError `vector.database` when a stored vector has another length
 */
export function decodeEmbeddings(
  rows: readonly StoredVector[],
  dimension: number,
): Float32Array<ArrayBuffer> {
  const bytes = Buffer.alloc(rows.length * dimension * 4);
  for (const [place, { id, embedding }] of rows.entries()) {
    if (embedding.byteLength !== dimension * 4) {
      throw new VectorError(
        "vector.database",
        `The stored vector "${id}" has ${embedding.byteLength} bytes instead of ${dimension * 4}.`,
      );
    }
    bytes.set(embedding, place * dimension * 4);
  }
  if (!isLittleEndian) bytes.swap32();
  return new Float32Array(bytes.buffer, bytes.byteOffset, rows.length * dimension);
}
