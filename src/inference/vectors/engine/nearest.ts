import { rankOf } from "../similarity.ts";
import type { RowTable } from "./row-table.ts";

export interface Neighbour {
  row: number;
  id: string;
  score: number;
}

interface Ranked extends Neighbour {
  rank: number;
}

/** Nearest first; of equally near ones the lesser id. */
export function compareNeighbours(
  one: { rank: number; id: string },
  other: { rank: number; id: string },
): number {
  if (one.rank !== other.rank) return other.rank - one.rank;
  if (one.id === other.id) return 0;
  return one.id < other.id ? -1 : 1;
}

/** Collects the `count` nearest rows of those added. */
export class Nearest {
  private readonly table: RowTable;
  private readonly count: number;
  private found: Ranked[] = [];
  private isPruned = false;

  constructor(table: RowTable, count: number) {
    this.table = table;
    this.count = count;
  }

  add(row: number, score: number): void {
    const id = this.table.ids[row] as string;
    const one = { row, id, score, rank: rankOf(this.table.metric, score) };
    const last = this.isPruned ? this.found[this.count - 1] : undefined;
    if (last !== undefined && compareNeighbours(last, one) <= 0) return;
    this.found.push(one);
    // Sorted now and then instead of kept in order: additions cost the same however many count.
    if (this.found.length >= 2 * this.count + 64) this.prune();
  }

  sorted(): Neighbour[] {
    this.prune();
    return this.found.map(({ row, id, score }) => ({ row, id, score }));
  }

  private prune(): void {
    this.found.sort(compareNeighbours);
    if (this.found.length > this.count) this.found.length = this.count;
    this.isPruned = this.found.length === this.count;
  }
}
