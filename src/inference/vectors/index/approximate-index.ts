import type { RowTable } from "../engine/row-table.ts";
import { calibrate, sampleRows } from "./calibrate.ts";
import type { Metric } from "../similarity.ts";
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

/** Growth since it was last measured with which an index is measured again. */
const growth = 1.5;

/** What a row costs in the graph beside its vector, in bytes. */
const graphBytes = 250;

/** Tried in this order; i8 holds what lies between -1 and 1, as vectors of length 1 do. */
const precisions: Record<Metric, readonly Precision[]> = {
  cosine: ["i8", "bf16", "f32"],
  dot: ["bf16", "f32"],
  euclid: ["bf16", "f32"],
};

const bytesOf: Record<Precision, number> = { i8: 1, bf16: 2, f32: 4 };

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
  /** Rows below `indexed` that are kept out until the index was measured with them. */
  withheld: ReadonlySet<number> = new Set<number>();
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
    return this.precision === undefined;
  }

  /** Is the row in the index? */
  holds(row: number): boolean {
    return row < this.indexed && !this.withheld.has(row);
  }

  private get precision(): Precision | undefined {
    return precisions[this.options.table.metric][this.attempt];
  }

  /** Brings the index up to the table, in the background. Never throws. */
  async advance(): Promise<void> {
    if (this.running || this.closed || this.unfit) return;
    this.running = true;
    try {
      while (!this.closed && (await this.step()));
    } catch {
      // The library refused: the collection is searched exactly.
      this.attempt = Infinity;
      this.discard();
    } finally {
      this.running = false;
    }
  }

  /** The rows of the index near the query. Those that are gone or changed are still among them. */
  async search(query: Float32Array, count: number): Promise<Uint32Array> {
    if (this.key === null) throw new Error("the index is gone");
    return await this.options.thread.search(this.key, this.prepare(query), count);
  }

  close(): void {
    this.closed = true;
    this.discard();
  }

  private async step(): Promise<boolean> {
    const { table } = this.options;
    if (this.key !== null && this.shareGone() > mostGone) this.discard();
    if (this.key === null) return this.begin();
    if (this.indexed < table.fixed) {
      await this.addBatch(this.key);
      return true;
    }
    if (this.withheld.size > 0) return this.complete(this.key);
    if (table.size - table.fixed < worthAdding) return false;
    const from = table.fixed;
    table.fix();
    const hasGrown = table.size >= this.measuredAt * growth;
    this.withheld = new Set(hasGrown ? sampleRows(table, from) : []);
    return true;
  }

  private begin(): boolean {
    const { table, thread, mayTake } = this.options;
    const { precision } = this;
    if (precision === undefined || !mayTake(this.estimate(table.size))) return false;
    const operation = table.metric === "euclid" ? "square" : "product";
    this.key = thread.create(table.dimension, operation, precision);
    table.release();
    table.fix();
    this.withheld = new Set(sampleRows(table, 0));
    return true;
  }

  private async addBatch(key: number): Promise<void> {
    const { table } = this.options;
    const end = Math.min(this.indexed + batch, table.fixed);
    const rows: number[] = [];
    for (let row = this.indexed; row < end; row++) if (!this.withheld.has(row)) rows.push(row);
    await this.add(key, rows);
    this.indexed = end;
  }

  private async add(key: number, all: readonly number[]): Promise<void> {
    const { table, thread } = this.options;
    const rows = all.filter((row) => table.ids[row] !== undefined);
    const vectors = new Float32Array(rows.length * table.dimension);
    for (const [place, row] of rows.entries()) {
      vectors.set(this.prepare(table.valuesOf(row)), place * table.dimension);
    }
    if (rows.length > 0) await thread.add(key, BigUint64Array.from(rows, BigInt), vectors);
  }

  /** Measures the index, adds what was kept out for that, and lets searches use it. */
  private async complete(key: number): Promise<boolean> {
    const { table, exact } = this.options;
    const samples = [...this.withheld];
    const search = (query: Float32Array, count: number) => this.search(query, count);
    const breadth = await calibrate({ table, samples, exact, search });
    if (this.closed) return false;
    if (breadth === null) {
      this.attempt += 1;
      this.discard();
      return !this.unfit;
    }
    await this.add(key, samples);
    this.withheld = new Set();
    this.measuredAt = this.indexed;
    this.breadth = breadth;
    return true;
  }

  private discard(): void {
    if (this.key !== null) this.options.thread.drop(this.key);
    this.key = null;
    this.breadth = null;
    this.indexed = 0;
    this.withheld = new Set();
    this.options.table.release();
  }

  private shareGone(): number {
    const { table } = this.options;
    return table.fixedGone / Math.max(1, table.fixed);
  }

  private estimate(rows: number): number {
    const { precision = "f32" } = this;
    return rows * (this.options.table.dimension * bytesOf[precision] + graphBytes);
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
