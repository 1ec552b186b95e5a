import { setImmediate as others } from "node:timers/promises";
import type { RowTable } from "../engine/row-table.ts";

export interface Calibration {
  table: RowTable;
  /** Rows that the index does not hold: what is searched for is as new to it as a query is. */
  samples: readonly number[];
  /** The nearest rows of the index, by comparing all. */
  exact: (query: Float32Array, count: number) => number[];
  search: (query: Float32Array, candidates: number) => Uint32Array;
}

/** What an index must be asked for so that the ten nearest are found. */
export interface Reach {
  /** Candidates. */
  breadth: number;
  /** The ten are among so many of the candidates that the index holds to be nearest. */
  scored: number;
}

/** Numbers of candidates that are tried. */
const breadths = [24, 32, 40, 48, 56, 64, 72, 80, 96, 112, 128, 160, 192, 256, 384, 512, 768, 1024];

/**
 * Of ten neighbours, found by the index among as many candidates: above the 0.99 promised, by two
 * standard errors of what so many samples say of it.
 */
const wantedRecall = 0.994;

/** The ten lie a little farther out for some queries than for those measured with. */
const reserve = 1.5;

const neighbours = 10;
const mostSamples = 384;

/** Null when even the most candidates are not enough, or when there is nothing to measure with. */
export async function calibrate(calibration: Calibration): Promise<Reach | null> {
  const { table, samples, exact, search } = calibration;
  const queries = samples
    .filter((row) => table.ids[row] !== undefined)
    .map((row) => table.valuesOf(row).slice());
  if (queries.length === 0) return null;
  const truth: Set<number>[] = [];
  for (const query of queries) {
    truth.push(new Set(exact(query, neighbours)));
    await others();
  }
  const wanted = wantedRecall * truth.reduce((sum, rows) => sum + rows.size, 0);
  for (const breadth of breadths) {
    /** Neighbours found, by their place among the candidates. */
    const foundAt = new Uint32Array(breadth);
    for (const [place, query] of queries.entries()) {
      const nearest = truth[place] as Set<number>;
      for (const [at, row] of search(query, breadth).entries()) {
        if (nearest.has(row)) foundAt[at] = (foundAt[at] as number) + 1;
      }
      await others();
    }
    let found = 0;
    const last = foundAt.findIndex((count) => (found += count) >= wanted);
    if (last >= 0) return { breadth, scored: Math.min(breadth, Math.ceil(reserve * (last + 1))) };
  }
  return null;
}

/** Rows from `from` on, evenly spread: the same collection is measured with the same vectors. */
export function sampleRows(table: RowTable, from: number, most = mostSamples): number[] {
  const present: number[] = [];
  for (let row = from; row < table.size; row++) if (table.ids[row] !== undefined) present.push(row);
  const step = Math.max(1, Math.floor(present.length / most));
  return present.filter((_, place) => place % step === 0).slice(0, most);
}
