// From a vector for each token to one for the text, as in sentence-transformers' module Pooling.

export const poolingModes = [
  "cls",
  "max",
  "mean",
  "mean_sqrt_len",
  "weightedmean",
  "lasttoken",
] as const;

export type PoolingMode = (typeof poolingModes)[number];

/** Names that the keys of `1_Pooling/config.json` have. */
const configurationKeys: Record<PoolingMode, string> = {
  cls: "pooling_mode_cls_token",
  max: "pooling_mode_max_tokens",
  mean: "pooling_mode_mean_tokens",
  mean_sqrt_len: "pooling_mode_mean_sqrt_len_tokens",
  weightedmean: "pooling_mode_weightedmean_tokens",
  lasttoken: "pooling_mode_lasttoken",
};

/**
 * What a `1_Pooling/config.json` asks for; several modes stand one behind another in the vector.
 * @throws Error when it asks for none that is known
 */
export function readPooling(configuration: Record<string, unknown>): PoolingMode[] {
  const modes = poolingModes.filter((mode) => configuration[configurationKeys[mode]] === true);
  const named = poolingModes.find((mode) => mode === configuration["pooling_mode"]);
  if (named !== undefined && modes.length === 0) modes.push(named);
  if (modes.length > 0) return modes;
  throw new Error(`1_Pooling/config.json asks for none of ${poolingModes.join(", ")}`);
}

/** The vectors of one text: row-major, shape [length, width]. */
export interface TokenRows {
  values: ArrayLike<number>;
  /** Where the text's first row begins. */
  start: number;
  /** Tokens that are no padding; they come first. */
  length: number;
  width: number;
}

/** The vector of a text; its length is `modes.length * width`. */
export function pool(rows: TokenRows, modes: readonly PoolingMode[]): Float32Array {
  const pooled = new Float32Array(modes.length * rows.width);
  for (const [index, mode] of modes.entries()) {
    poolInto(pooled.subarray(index * rows.width, (index + 1) * rows.width), rows, mode);
  }
  return pooled;
}

function poolInto(result: Float32Array, rows: TokenRows, mode: PoolingMode): void {
  const { values, start, length, width } = rows;
  if (length === 0) return;
  if (mode === "cls" || mode === "lasttoken") {
    const from = start + (mode === "cls" ? 0 : (length - 1) * width);
    for (let at = 0; at < width; at += 1) result[at] = values[from + at] ?? 0;
    return;
  }
  if (mode === "max") result.fill(-Infinity);
  // Summed in double precision: the mean of many tokens stays within 1e-6 of the exact one.
  const sums = new Float64Array(width);
  for (let token = 0; token < length; token += 1) {
    const from = start + token * width;
    const weight = mode === "weightedmean" ? token + 1 : 1;
    for (let at = 0; at < width; at += 1) {
      const value = values[from + at] ?? 0;
      sums[at] = (sums[at] ?? 0) + weight * value;
      if (mode === "max" && value > (result[at] ?? 0)) result[at] = value;
    }
  }
  if (mode === "max") return;
  const divisor =
    mode === "mean"
      ? length
      : mode === "mean_sqrt_len"
        ? Math.sqrt(length)
        : (length * (length + 1)) / 2;
  for (let at = 0; at < width; at += 1) result[at] = (sums[at] ?? 0) / divisor;
}

/** Scales a vector to Euclidean norm 1, in place; one of zeros stays as it is. */
export function normalize(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (squares === 0) return vector;
  const scale = 1 / Math.sqrt(squares);
  for (let at = 0; at < vector.length; at += 1) vector[at] = (vector[at] ?? 0) * scale;
  return vector;
}
