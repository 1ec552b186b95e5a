import { setImmediate as others } from "node:timers/promises";
import { productAt } from "../similarity.ts";

/**
 * A linear map of vectors to fewer values that keeps what tells them apart: the directions in which
 * a sample of them lies widest (its principal components, not centred).
 */
export class Projection {
  /** Values of a projected vector. */
  readonly size: number;
  readonly #dimension: number;
  /** Orthonormal directions, one after the other. */
  readonly #axes: Float32Array;

  constructor(axes: Float32Array, dimension: number) {
    this.#axes = axes;
    this.#dimension = dimension;
    this.size = axes.length / dimension;
  }

  apply(vector: Float32Array): Float32Array {
    const projected = new Float32Array(this.size);
    for (let axis = 0; axis < this.size; axis++) {
      projected[axis] = productAt(this.#axes, axis * this.#dimension, vector, 0, vector.length);
    }
    return projected;
  }
}

/** Sizes that are tried, and how many rounds of the iteration bring the widest directions first. */
const sizes = [32, 48, 64, 96, 128, 192, 256];
const rounds = 5;

/** Of the sample's rows every so many is searched for among the others. */
const everyTested = 32;
const neighbours = 10;
/** Its ten nearest are to be among so many nearest projected ones, but for one in a thousand. */
const among = 14;
const wantedRecall = 0.999;

/** Milliseconds of work between two pauses in which others get their turn. */
const timeSlice = 4;

/**
 * The smallest projection, made of one half of a sample, under which the nearest rows of the other
 * half stay the nearest; null where none to at most half the values does that. All rows together lie
 * closer to each other than those of a sample: an index has to be measured with it.
 * @param sample vectors to be compared by their products, one after the other, both halves from
 *   all over the rows
 */
export async function fitProjection(
  sample: Float32Array,
  dimension: number,
): Promise<Projection | null> {
  const half = Math.floor(sample.length / dimension / 2);
  const largest = sizes.findLast((size) => size * 2 <= Math.min(dimension, half));
  if (largest === undefined) return null;
  const pause = pauses();
  const fitted = sample.subarray(0, half * dimension);
  const rows = sample.subarray(half * dimension, 2 * half * dimension);
  const axes = await widestAxes({ rows: fitted, dimension, pause }, largest);
  const tested = await nearestOf(rows, dimension, pause);
  for (const size of sizes.filter((one) => one <= largest)) {
    const projection = new Projection(axes.slice(0, size * dimension), dimension);
    if ((await recallOf(projection, { rows, dimension, pause }, tested)) >= wantedRecall) {
      return projection;
    }
  }
  return null;
}

interface Sample {
  rows: Float32Array;
  dimension: number;
  pause: () => Promise<void> | undefined;
}

/**
 * Orthogonal iteration (Golub and Van Loan, Matrix Computations, 8.2.4) with the second moments of
 * the sample, which are never written down: they would be as many as the square of the dimension.
 */
async function widestAxes(sample: Sample, count: number): Promise<Float32Array> {
  const { rows, dimension, pause } = sample;
  let axes = new Float32Array(count * dimension);
  // Rows of the sample themselves: wherever they lie wide, some of them point.
  const step = Math.max(1, Math.floor(rows.length / dimension / count));
  for (let axis = 0; axis < count; axis++) {
    const row = ((axis * step) % (rows.length / dimension)) * dimension;
    axes.set(rows.subarray(row, row + dimension), axis * dimension);
  }
  for (let round = 0; round < rounds; round++) {
    await makeOrthonormal(axes, dimension, pause);
    const next = new Float32Array(axes.length);
    for (let row = 0; row < rows.length; row += dimension) {
      for (let axis = 0; axis < next.length; axis += dimension) {
        addAt(next, axis, productAt(axes, axis, rows, row, dimension), rows, row, dimension);
      }
      await pause();
    }
    axes = next;
  }
  await makeOrthonormal(axes, dimension, pause);
  return axes;
}

/** Gram-Schmidt, in turn: the first axes stay where they point. */
async function makeOrthonormal(
  axes: Float32Array,
  dimension: number,
  pause: Sample["pause"],
): Promise<void> {
  for (let axis = 0; axis < axes.length; axis += dimension) {
    for (let before = 0; before < axis; before += dimension) {
      const share = productAt(axes, axis, axes, before, dimension);
      addAt(axes, axis, -share, axes, before, dimension);
    }
    const length = Math.sqrt(productAt(axes, axis, axes, axis, dimension));
    // A sample of few directions: the others lead nowhere.
    const scale = length < 1e-12 ? 0 : 1 / length;
    for (let place = axis; place < axis + dimension; place++) {
      axes[place] = (axes[place] as number) * scale;
    }
    await pause();
  }
}

/** The nearest rows of each tested one, by its number, itself among them. */
async function nearestOf(
  rows: Float32Array,
  dimension: number,
  pause: Sample["pause"],
): Promise<Map<number, number[]>> {
  const found = new Map<number, number[]>();
  for (let row = 0; row < rows.length / dimension; row += everyTested) {
    const query = rows.subarray(row * dimension, (row + 1) * dimension);
    found.set(row, nearest(rows, query, neighbours + 1));
    await pause();
  }
  return found;
}

async function recallOf(
  projection: Projection,
  { rows, dimension, pause }: Sample,
  tested: ReadonlyMap<number, readonly number[]>,
): Promise<number> {
  const { size } = projection;
  const projected = new Float32Array((rows.length / dimension) * size);
  for (let row = 0; row < rows.length / dimension; row++) {
    const vector = rows.subarray(row * dimension, (row + 1) * dimension);
    projected.set(projection.apply(vector), row * size);
    await pause();
  }
  let [kept, all] = [0, 0];
  for (const [row, truth] of tested) {
    const query = projected.subarray(row * size, (row + 1) * size);
    const near = new Set(nearest(projected, query, among + 1));
    kept += truth.filter((one) => near.has(one)).length;
    all += truth.length;
    await pause();
  }
  return kept / all;
}

/** Numbers of the rows whose products with the query are greatest. */
function nearest(rows: Float32Array, query: Float32Array, count: number): number[] {
  const { length } = query;
  const scores = Float64Array.from({ length: rows.length / length }, (_, row) =>
    productAt(rows, row * length, query, 0, length),
  );
  const least = scores.toSorted().at(-Math.min(count, scores.length)) as number;
  return [...scores.keys()].filter((row) => (scores[row] as number) >= least);
}

function addAt(
  to: Float32Array,
  toStart: number,
  factor: number,
  from: Float32Array,
  fromStart: number,
  count: number,
): void {
  for (let index = 0; index < count; index++) {
    to[toStart + index] =
      (to[toStart + index] as number) + factor * (from[fromStart + index] as number);
  }
}

function pauses(): Sample["pause"] {
  let until = performance.now() + timeSlice;
  const letOthers = async (): Promise<void> => {
    await others();
    until = performance.now() + timeSlice;
  };
  return () => (performance.now() < until ? undefined : letOthers());
}
