import { relativeError } from "../kernel/kernel.ts";
import { pageBytes } from "../kernel/shared-memory.ts";
import type { ScanTeam } from "../scan/scan-team.ts";
import { lengthOf, scoreOf } from "../similarity.ts";
import { Nearest, type Neighbour } from "./nearest.ts";
import type { RowTable } from "./row-table.ts";

export interface ExactQuery {
  vector: Float32Array;
  count: number;
  /** Is the row wanted? Asked only of rows that are near enough. */
  accepts: (row: number) => boolean;
}

/** Products beyond these cannot be trusted to float32: they overflow, or lose all their digits. */
const trusted = { least: 1e-25, most: 1e36 };

/**
 * The nearest accepted rows of each query, as comparing all rows in double precision finds them.
 * The threads' float32 scores only say which rows can be among them: those within twice the
 * rounding error of the worst score that still counts.
 * @param from the first row looked at
 * @param queries as many as the kernel compares at once, at most
 */
export function searchExactly(
  team: ScanTeam,
  table: RowTable,
  queries: readonly ExactQuery[],
  from = 0,
): Neighbour[][] {
  if (from >= table.size) return queries.map(() => []);
  if (!queries.every(({ vector }) => isTrusted(table, lengthOf(vector)))) {
    return queries.map((query) => rescoreAll(table, query, from));
  }
  const firstPage = Math.floor(from / table.rowsPerPage);
  const pages = table.pages.slice(firstPage, Math.ceil(table.size / table.rowsPerPage));
  team.scan(
    queries.map(({ vector }) => vector),
    {
      operation: table.metric === "euclid" ? "square" : "product",
      rowsPerPage: table.rowsPerPage,
      rowBytes: table.rowBytes,
      pages,
      lastRows: ((table.size - 1) % table.rowsPerPage) + 1,
    },
  );
  return queries.map((query, slot) => select(team.arena.floats, table, { ...query, slot, from }));
}

function isTrusted({ metric, longest, shortest }: RowTable, length: number): boolean {
  if (metric === "euclid") return (longest + length) ** 2 < trusted.most;
  const least = metric === "cosine" ? shortest * length : longest * length;
  return longest * length < trusted.most && least > trusted.least;
}

function rescoreAll(table: RowTable, query: ExactQuery, from: number): Neighbour[] {
  const nearest = new Nearest(table, query.count);
  const target = { values: query.vector, start: 0, length: lengthOf(query.vector) };
  for (let row = from; row < table.size; row++) {
    if (table.ids[row] === undefined || !query.accepts(row)) continue;
    nearest.add(row, scoreOf(table.metric, table.placed(row), target, table.dimension));
  }
  return nearest.sorted();
}

interface Selection extends ExactQuery {
  slot: number;
  from: number;
}

/** One pass over the scores; the loop has neither calls nor objects unless a row may count. */
function select(floats: Float32Array, table: RowTable, selection: Selection): Neighbour[] {
  const { vector, count, accepts, slot, from } = selection;
  const { rowsPerPage, rowBytes, pages, scales, ids, size } = table;
  const length = lengthOf(vector);
  const worst = new WorstOfBest(count);
  const candidates: { row: number; rank: number }[] = [];
  // Only rises: what is below it cannot be among the nearest any more.
  let least = -Infinity;
  for (let page = Math.floor(from / rowsPerPage); page * rowsPerPage < size; page++) {
    const first = page * rowsPerPage;
    const rows = Math.min(rowsPerPage, size - first);
    const scores = ((pages[page] as number) * pageBytes + rowsPerPage * rowBytes) / 4;
    const start = scores + slot * rowsPerPage;
    for (let index = 0; index < rows; index++) {
      const rank = (floats[start + index] as number) * (scales[first + index] as number);
      if (!(rank >= least)) continue;
      const row = first + index;
      if (row < from || ids[row] === undefined || !accepts(row)) continue;
      candidates.push({ row, rank });
      if (rank > worst.rank) {
        worst.add(rank);
        least = worst.rank - marginOf(table, length, worst.rank);
      }
    }
  }
  const nearest = new Nearest(table, count);
  const target = { values: vector, start: 0, length };
  for (const { row, rank } of candidates) {
    if (rank < least) continue;
    nearest.add(row, scoreOf(table.metric, table.placed(row), target, table.dimension));
  }
  return nearest.sorted();
}

/** By how much a row's rank in float32 may be below the worst that counts and still be one. */
function marginOf({ metric, dimension, longest }: RowTable, length: number, rank: number): number {
  if (rank === -Infinity) return 0;
  const relative = relativeError(dimension);
  if (metric === "cosine") return 2 * relative * length;
  if (metric === "dot") return 2 * relative * longest * length;
  return 3 * relative * -rank + dimension * 2 ** -126;
}

/** The least of the `count` greatest ranks so far; −∞ until there are that many. */
class WorstOfBest {
  rank = -Infinity;
  /** A binary heap with the least at the root. */
  private readonly heap: number[] = [];
  private readonly count: number;

  constructor(count: number) {
    this.count = count;
  }

  add(rank: number): void {
    const { heap } = this;
    if (heap.length < this.count) {
      heap.push(rank);
      for (let place = heap.length - 1; place > 0; ) {
        const parent = (place - 1) >> 1;
        if ((heap[parent] as number) <= (heap[place] as number)) break;
        this.exchange(place, parent);
        place = parent;
      }
    } else {
      heap[0] = rank;
      this.sink();
    }
    if (heap.length === this.count) this.rank = heap[0] as number;
  }

  private sink(): void {
    const { heap } = this;
    for (let place = 0; ; ) {
      const left = 2 * place + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const isRight = right < heap.length && (heap[right] as number) < (heap[left] as number);
      const child = isRight ? right : left;
      if ((heap[place] as number) <= (heap[child] as number)) return;
      this.exchange(place, child);
      place = child;
    }
  }

  private exchange(one: number, other: number): void {
    const value = this.heap[one] as number;
    this.heap[one] = this.heap[other] as number;
    this.heap[other] = value;
  }
}
