/** A matrix as whole numbers: `values[i] * scale of its row or column` is nearly what it was. */
export interface QuantizedMatrix {
  /** Row-major, of the matrix's own shape. */
  values: Int8Array;
  /** One for each column, or each row. */
  scales: Float32Array;
}

/**
 * The largest whole number that a weight becomes. 127 uses all of int8. On x86 processors without
 * VNNI, ONNX Runtime adds two products of an unsigned and a signed byte in 16 bits, which
 * saturate: 255 * 127 * 2 is beyond 32767, 255 * 64 * 2 is not.
 * Source: https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
 */
export const weightLimits = { full: 127, reduced: 64 } as const;

/**
 * Symmetric, one scale a column: what a matrix product is multiplied with.
 * @param data [rows, columns], row-major
 */
export function quantizeColumns(
  data: Float32Array,
  columns: number,
  limit: number,
): QuantizedMatrix {
  const scales = new Float32Array(columns);
  for (let start = 0; start < data.length; start += columns) {
    for (let column = 0; column < columns; column += 1) {
      const size = Math.abs(data[start + column] ?? 0);
      if (size > (scales[column] ?? 0)) scales[column] = size;
    }
  }
  for (let column = 0; column < columns; column += 1) {
    scales[column] = scaleFor(scales[column] ?? 0, limit);
  }
  const values = new Int8Array(data.length);
  for (let start = 0; start < data.length; start += columns) {
    for (let column = 0; column < columns; column += 1) {
      const value = (data[start + column] ?? 0) / (scales[column] ?? 1);
      values[start + column] = clamp(value, limit);
    }
  }
  return { values, scales };
}

/**
 * Symmetric, one scale a row: a table from which rows are taken.
 * @param data [rows, columns], row-major
 */
export function quantizeRows(data: Float32Array, columns: number): QuantizedMatrix {
  const scales = new Float32Array(data.length / columns);
  const values = new Int8Array(data.length);
  for (let row = 0; row < scales.length; row += 1) {
    const start = row * columns;
    let largest = 0;
    for (let index = start; index < start + columns; index += 1) {
      largest = Math.max(largest, Math.abs(data[index] ?? 0));
    }
    scales[row] = scaleFor(largest, weightLimits.full);
    const scale = scales[row] ?? 1;
    for (let index = start; index < start + columns; index += 1) {
      values[index] = clamp((data[index] ?? 0) / scale, weightLimits.full);
    }
  }
  return { values, scales };
}

/** @param data [rows, columns], row-major; the result is [columns, rows] */
export function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      turned[column * rows + row] = data[row * columns + column] ?? 0;
    }
  }
  return turned;
}

export function allFinite(data: Float32Array): boolean {
  for (const value of data) if (!Number.isFinite(value)) return false;
  return true;
}

/** A column of zeros, or of what float32 hardly tells from zero, keeps its zeros. */
function scaleFor(largest: number, limit: number): number {
  const scale = Math.fround(largest / limit);
  return scale >= 1e-37 ? scale : 1;
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, Math.round(value)));
}
