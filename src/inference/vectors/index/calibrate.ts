import type { RowTable } from "../engine/row-table.ts";

export interface Calibration {
  table: RowTable;
  exact: (queries: readonly Float32Array[], count: number) => number[][];
  search: (query: Float32Array, count: number) => Promise<Uint32Array>;
}

/** Numbers of candidates that are tried. */
const breadths = [32, 64, 96, 128, 192, 256, 384, 512, 768, 1024];

/** Of ten neighbours, found by the index among as many candidates: above the 0.99 promised. */
const wantedRecall = 0.998;

const neighbours = 10;
const samples = 64;

/**
 * How many candidates an index must be asked for so that the ten nearest are among them; null when
 * even the most are not enough. Measured with stored vectors, drawn towards another one so that
 * they are not stored themselves.
 */
export async function calibrate({ table, exact, search }: Calibration): Promise<number | null> {
  const queries = sampleQueries(table);
  if (queries.length === 0) return null;
  const truth: Set<number>[] = [];
  for (const query of queries) {
    const [rows] = exact([query], neighbours);
    truth.push(new Set(rows));
    // Searches come first.
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const breadth of breadths) {
    let found = 0;
    let wanted = 0;
    for (const [place, query] of queries.entries()) {
      const nearest = truth[place] as Set<number>;
      const candidates = await search(query, breadth);
      found += candidates.reduce((sum, row) => sum + (nearest.has(row) ? 1 : 0), 0);
      wanted += nearest.size;
    }
    if (found >= wantedRecall * wanted) return breadth;
  }
  return null;
}

/** How far a sample is drawn towards another vector: 0 to 0.4, so near and hard ones are among them. */
const farthest = 0.4;

function sampleQueries(table: RowTable): Float32Array[] {
  const present: number[] = [];
  for (let row = 0; row < table.fixed; row++) if (table.ids[row] !== undefined) present.push(row);
  // Evenly spread: the same collection is measured with the same vectors.
  const step = Math.max(1, Math.floor(present.length / samples));
  const chosen = present.filter((_, place) => place % step === 0).slice(0, samples);
  return chosen.map((row, place) => {
    const other = present[(place * 7919 + 104_729) % present.length] as number;
    const share = (farthest * place) / samples;
    const target = table.valuesOf(other);
    const scale = (table.lengths[row] as number) / (table.lengths[other] || 1);
    const factor = table.metric === "cosine" ? scale : 1;
    return table
      .valuesOf(row)
      .map((value, index) => (1 - share) * value + share * factor * (target[index] as number));
  });
}
