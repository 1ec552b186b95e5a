import type { RowTable } from "../engine/row-table.ts";
import { calibrate } from "./calibrate.ts";
import type { Precision } from "./index-protocol.ts";
import type { IndexThread } from "./index-thread.ts";

export interface IndexOptions {
  table: RowTable;
  thread: IndexThread;
  /** Exact search, for measuring what the index finds. */
  exact: (queries: readonly Float32Array[], count: number) => number[][];
  /** May the index take this many bytes? */
  mayTake: (bytes: number) => boolean;
}

/** Rows given to the index at once: it answers searches in between. */
const batch = 64;

/** A finished index is added to once this many rows wait; until then they are scanned. */
const worthAdding = 512;

/** Share of gone rows above which the index is built anew. */
const mostGone = 0.3;

/** Growth since it was last measured after which an index is measured again. */
const growth = 1.5;

/** What a row costs in the graph beside its vector, in bytes. */
const graphBytes = 250;

const precisions: readonly Precision[] = ["bf16", "f32"];

/**
 * The approximate index of a collection. It is used only once it was measured: it knows how many
 * candidates must be looked at for a recall of 0.99. Rows from `indexed` on are not in it yet.
 */
export class ApproximateIndex {
  indexed = 0;
  /** Candidates to ask for; null until the index can be used. */
  breadth: number | null = null;
  private readonly options: IndexOptions;
  private key: number | null = null;
  private attempt = 0;
  private measuredAt = 0;
  private running = false;
  private closed = false;

  constructor(options: IndexOptions) {
    this.options = options;
  }

  get bytes(): number {
    return this.key === null ? 0 : this.estimate(this.indexed);
  }

  /** Changes whenever the rows it finds may mean others. */
  get identity(): number | null {
    return this.key;
  }

  /** Of no use for these vectors: what it finds is too incomplete. */
  get unfit(): boolean {
    return this.attempt >= precisions.length;
  }

  /** Brings the index up to the table, in the background. Never throws. */
  async advance(): Promise<void> {
    if (this.running || this.closed || this.unfit) return;
    this.running = true;
    try {
      while (!this.closed && (await this.step()));
    } catch {
      // The library refused: the collection is searched exactly.
      this.attempt = precisions.length;
      this.discard();
    } finally {
      this.running = false;
    }
  }

  /** The rows of the index near the query. Those that are gone or changed are still among them. */
  search(query: Float32Array, count: number): Promise<Uint32Array> {
    return this.options.thread.search(this.key as number, this.prepare(query), count);
  }

  close(): void {
    this.closed = true;
    this.discard();
  }

  private async step(): Promise<boolean> {
    const { table } = this.options;
    if (this.key !== null && this.shareGone() > mostGone) this.discard();
    if (this.key === null) return this.begin();
    if (this.indexed === table.fixed && this.isWorthAdding()) table.fix();
    if (this.indexed < table.fixed) {
      await this.addBatch(this.key);
      return true;
    }
    if (table.items < this.measuredAt * growth && this.breadth !== null) return false;
    return this.measure();
  }

  private begin(): boolean {
    const { table, thread, mayTake } = this.options;
    const precision = precisions[this.attempt];
    if (precision === undefined || !mayTake(this.estimate(table.size))) return false;
    const operation = table.metric === "euclid" ? "square" : "product";
    this.key = thread.create(table.dimension, operation, precision);
    table.release();
    return true;
  }

  private isWorthAdding(): boolean {
    const { table } = this.options;
    const added = table.size - table.fixed;
    return added >= (this.breadth === null ? 1 : worthAdding);
  }

  private async addBatch(key: number): Promise<void> {
    const { table, thread } = this.options;
    const end = Math.min(this.indexed + batch, table.fixed);
    const rows: number[] = [];
    for (let row = this.indexed; row < end; row++) if (table.ids[row] !== undefined) rows.push(row);
    const vectors = new Float32Array(rows.length * table.dimension);
    for (const [place, row] of rows.entries()) {
      vectors.set(this.prepare(table.valuesOf(row)), place * table.dimension);
    }
    if (rows.length > 0) await thread.add(key, BigUint64Array.from(rows, BigInt), vectors);
    this.indexed = end;
  }

  private async measure(): Promise<boolean> {
    const { table, exact } = this.options;
    const key = this.key;
    this.breadth = await calibrate({
      table,
      exact,
      search: (query, count) => this.search(query, count),
    });
    this.measuredAt = table.items;
    if (this.breadth !== null || this.closed || this.key !== key) return !this.closed;
    this.attempt += 1;
    this.discard();
    return !this.unfit;
  }

  private discard(): void {
    if (this.key !== null) this.options.thread.drop(this.key);
    this.key = null;
    this.breadth = null;
    this.indexed = 0;
    this.options.table.release();
  }

  private shareGone(): number {
    const { table } = this.options;
    return table.fixedGone / Math.max(1, table.fixed);
  }

  private estimate(rows: number): number {
    const size = precisions[this.attempt] === "f32" ? 4 : 2;
    return rows * (this.options.table.dimension * size + graphBytes);
  }

  /** For the cosine, vectors of length 1, whose dot product it is. */
  private prepare(vector: Float32Array): Float32Array {
    if (this.options.table.metric !== "cosine") return vector;
    let sum = 0;
    for (const value of vector) sum += value * value;
    const length = Math.sqrt(sum);
    return vector.map((value) => value / length);
  }
}
