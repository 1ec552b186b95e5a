import type { RowTable } from "../engine/row-table.ts";

export interface Calibration {
  table: RowTable;
  /** Rows that the index does not hold: what is searched for is as new to it as a query is. */
  samples: readonly number[];
  /** The nearest rows of the index, by comparing all. */
  exact: (queries: readonly Float32Array[], count: number) => number[][];
  search: (query: Float32Array, count: number) => Promise<Uint32Array>;
}

/** Numbers of candidates that are tried. */
const breadths = [32, 64, 96, 128, 192, 256, 384, 512, 768, 1024];

/** Of ten neighbours, found by the index among as many candidates: above the 0.99 promised. */
const wantedRecall = 0.996;

const neighbours = 10;
const mostSamples = 128;

/**
 * How many candidates an index must be asked for so that the ten nearest are among them; null when
 * even the most are not enough, or when there is nothing to measure with.
 */
export async function calibrate(calibration: Calibration): Promise<number | null> {
  const { table, samples, exact, search } = calibration;
  const queries = samples
    .filter((row) => table.ids[row] !== undefined)
    .map((row) => table.valuesOf(row).slice());
  if (queries.length === 0) return null;
  const truth: Set<number>[] = [];
  for (const query of queries) {
    const [rows] = exact([query], neighbours);
    truth.push(new Set(rows));
    // Searches come first.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const wanted = truth.reduce((sum, rows) => sum + rows.size, 0);
  for (const breadth of breadths) {
    let found = 0;
    for (const [place, query] of queries.entries()) {
      const nearest = truth[place] as Set<number>;
      const candidates = await search(query, breadth);
      found += candidates.reduce((sum, row) => sum + (nearest.has(row) ? 1 : 0), 0);
    }
    if (found >= wantedRecall * wanted) return breadth;
  }
  return null;
}

/** Rows from `from` on, evenly spread: the same collection is measured with the same vectors. */
export function sampleRows(table: RowTable, from: number): number[] {
  const present: number[] = [];
  for (let row = from; row < table.size; row++) if (table.ids[row] !== undefined) present.push(row);
  const step = Math.max(1, Math.floor(present.length / mostSamples));
  return present.filter((_, place) => place % step === 0).slice(0, mostSamples);
}
