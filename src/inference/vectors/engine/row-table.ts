import { queriesAtOnce, rowBytesOf } from "../kernel/kernel.ts";
import { pageBytes } from "../kernel/shared-memory.ts";
import type { PageArena } from "../scan/page-arena.ts";
import { lengthOf, type Metric, type Placed } from "../similarity.ts";

export type Metadata = Record<string, unknown>;

/** What an item costs beside its values and texts, in bytes: estimated from heap snapshots. */
const overhead = 250;

/**
 * The items of a collection in memory, each in a row that has a number. Rows below `fixed` are what
 * an index refers to: they are never given to another item, only marked as gone.
 */
export class RowTable {
  readonly metric: Metric;
  readonly dimension: number;
  readonly rowBytes: number;
  readonly rowsPerPage: number;
  readonly pages: number[] = [];
  /** Undefined where the row is gone. */
  readonly ids: (string | undefined)[] = [];
  readonly metadata: (Metadata | undefined)[] = [];
  readonly lengths: number[] = [];
  /**
   * What makes a rank of a row's float32 sum: for the cosine the length divides it, and a greater
   * Euclidean distance is a lower rank.
   */
  scales = new Float64Array(1024);
  longest = 0;
  shortest = Infinity;
  fixed = 0;
  /** Rows that are gone since they were fixed. */
  fixedGone = 0;
  private readonly arena: PageArena;
  private readonly rowOf = new Map<string, number>();
  private readonly sizes: number[] = [];
  private free: number[] = [];
  private textBytes = 0;

  constructor(arena: PageArena, metric: Metric, dimension: number) {
    this.arena = arena;
    this.metric = metric;
    this.dimension = dimension;
    this.rowBytes = rowBytesOf(dimension);
    // Behind the rows of a page there is room for their scores.
    this.rowsPerPage = Math.floor(pageBytes / (this.rowBytes + queriesAtOnce * 4));
  }

  /** Rows, with those that are gone. */
  get size(): number {
    return this.ids.length;
  }

  get items(): number {
    return this.rowOf.size;
  }

  /** Bytes, in part estimated. */
  get bytes(): number {
    return this.pages.length * pageBytes + this.textBytes + this.size * overhead;
  }

  /** Adds or replaces an item. @returns false when there is no memory left */
  put(id: string, values: Float32Array, text: string): boolean {
    const present = this.rowOf.get(id);
    const isReused = present !== undefined && present >= this.fixed;
    const row = isReused ? present : (this.free.pop() ?? this.ids.length);
    if (row === this.pages.length * this.rowsPerPage) {
      const page = this.arena.take();
      if (page === null) return false;
      this.pages.push(page);
      const start = (page * pageBytes) / 4;
      this.arena.floats.fill(0, start, start + pageBytes / 4);
    }
    if (present !== undefined) this.forget(id, present);
    this.arena.floats.set(values, this.startOf(row));
    const length = lengthOf(values);
    this.longest = Math.max(this.longest, length);
    this.shortest = Math.min(this.shortest, length);
    this.lengths[row] = length;
    this.setScale(row, length);
    this.ids[row] = id;
    this.metadata[row] = JSON.parse(text) as Metadata;
    this.sizes[row] = 2 * text.length + 2 * id.length;
    this.textBytes += this.sizes[row] ?? 0;
    this.rowOf.set(id, row);
    return true;
  }

  remove(id: string): void {
    const row = this.rowOf.get(id);
    if (row === undefined) return;
    this.forget(id, row);
    if (row >= this.fixed) this.free.push(row);
  }

  /** Gives up the numbers of the rows, and all that is gone. */
  release(): void {
    this.fixed = 0;
    this.fixedGone = 0;
    this.free = this.ids.flatMap((id, row) => (id === undefined ? [row] : []));
    this.compact();
  }

  /** Fixes all rows there are. */
  fix(): void {
    this.compact();
    this.fixed = this.size;
  }

  placed(row: number): Placed {
    return {
      values: this.arena.floats,
      start: this.startOf(row),
      length: this.lengths[row] as number,
    };
  }

  /** Index of the row's first value in the arena's floats. */
  startOf(row: number): number {
    const page = this.pages[Math.floor(row / this.rowsPerPage)] as number;
    return (page * pageBytes + (row % this.rowsPerPage) * this.rowBytes) / 4;
  }

  valuesOf(row: number): Float32Array {
    const start = this.startOf(row);
    return this.arena.floats.subarray(start, start + this.dimension);
  }

  clear(): void {
    this.arena.give(this.pages.splice(0));
    this.ids.length = 0;
    this.metadata.length = 0;
    this.lengths.length = 0;
    this.sizes.length = 0;
    this.rowOf.clear();
    this.free = [];
    this.textBytes = 0;
    this.fixed = 0;
    this.fixedGone = 0;
    this.longest = 0;
    this.shortest = Infinity;
  }

  /** Moves the last rows to where others are gone, and gives back the pages at the end. */
  private compact(): void {
    const gone = this.free.sort((one, other) => one - other);
    this.free = [];
    for (const row of gone) {
      this.trim();
      if (row < this.size) this.move(this.size - 1, row);
    }
    this.trim();
    this.arena.give(this.pages.splice(Math.ceil(this.size / this.rowsPerPage)).reverse());
  }

  private trim(): void {
    while (this.size > this.fixed && this.ids.at(-1) === undefined) {
      for (const column of [this.ids, this.metadata, this.lengths, this.sizes]) column.pop();
    }
  }

  private move(from: number, to: number): void {
    const start = this.startOf(from);
    this.arena.floats.copyWithin(this.startOf(to), start, start + this.dimension);
    for (const column of [this.ids, this.metadata, this.lengths, this.sizes] as unknown[][]) {
      column[to] = column[from];
    }
    this.setScale(to, this.lengths[to] as number);
    this.ids[from] = undefined;
    this.rowOf.set(this.ids[to] as string, to);
  }

  private setScale(row: number, length: number): void {
    if (row >= this.scales.length) {
      const larger = new Float64Array(2 * this.scales.length);
      larger.set(this.scales);
      this.scales = larger;
    }
    if (this.metric === "cosine") this.scales[row] = 1 / length;
    else this.scales[row] = this.metric === "dot" ? 1 : -1;
  }

  private forget(id: string, row: number): void {
    if (row < this.fixed) this.fixedGone += 1;
    this.rowOf.delete(id);
    this.ids[row] = undefined;
    this.metadata[row] = undefined;
    this.textBytes -= this.sizes[row] ?? 0;
  }
}
