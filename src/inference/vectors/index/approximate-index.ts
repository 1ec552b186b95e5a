import { setImmediate as others } from "node:timers/promises";
import type { RowTable } from "../engine/row-table.ts";
import { lengthOf, type Metric } from "../similarity.ts";
import { calibrate, type Reach, sampleRows } from "./calibrate.ts";
import { Graph, graphBytes, type Precision } from "./graph.ts";
import { fitProjection, type Projection } from "./projection.ts";

export interface IndexOptions {
  table: RowTable;
  threads: number;
  /** Exact search among the rows of the index, for measuring what it finds. */
  exact: (query: Float32Array, count: number) => number[];
  /** May the index take this many bytes? */
  mayTake: (bytes: number) => boolean;
}

/** How long rows are added in one go while the index is not in use yet, in milliseconds. */
const timeSlice = 4;

/** A finished index is added to once this many rows wait; until then they are scanned. */
const worthAdding = 512;

/** Share of gone rows above which the index is built anew. */
const mostGone = 0.3;

/** Growth since it was last measured with which an index is measured again. */
const growth = 1.5;

/** How an index holds the vectors. */
interface Form {
  /** i8 holds what lies between -1 and 1, as vectors of length 1 do. */
  precision: Precision;
  /** With fewer values, where the vectors lie in few directions: faster by as much. */
  projected: boolean;
}

/** Tried in this order. */
const forms: Record<Metric, readonly Form[]> = {
  cosine: [
    { precision: "i8", projected: true },
    { precision: "i8", projected: false },
    { precision: "bf16", projected: false },
    { precision: "f32", projected: false },
  ],
  dot: [
    { precision: "bf16", projected: true },
    { precision: "bf16", projected: false },
    { precision: "f32", projected: false },
  ],
  euclid: [
    { precision: "bf16", projected: true },
    { precision: "bf16", projected: false },
    { precision: "f32", projected: false },
  ],
};

/** Rows, and values of all of them, from which a projection is made. */
const mostSampled = { rows: 4096, values: 8_000_000 };

const bytesOf: Record<Precision, number> = { i8: 1, bf16: 2, f32: 4 };

/**
 * The approximate index of a collection. It is used only once it was measured: it knows how many
 * candidates must be looked at for a recall of 0.99. Rows from `indexed` on are not in it yet. It is
 * built a few milliseconds at a time, and what has arrived meanwhile is done in between.
 */
export class ApproximateIndex {
  indexed = 0;
  /** What it must be asked for; null until it can be used. */
  reach: Reach | null = null;
  /** Rows below `indexed` that are kept out until the index was measured with them. */
  withheld: ReadonlySet<number> = new Set<number>();
  private readonly options: IndexOptions;
  private graph: Graph | null = null;
  private projection: Projection | null = null;
  private attempt = 0;
  private measuredAt = 0;
  private running = false;
  private closed = false;

  constructor(options: IndexOptions) {
    this.options = options;
  }

  get bytes(): number {
    return this.graph === null ? 0 : this.estimate(this.indexed);
  }

  /** Is the row in the index? */
  holds(row: number): boolean {
    return row < this.indexed && !this.withheld.has(row);
  }

  /** Undefined: of no use for these vectors, what it finds is too incomplete. */
  private get form(): Form | undefined {
    return forms[this.options.table.metric][this.attempt];
  }

  /** Brings the index up to the table, in the background. Never throws. */
  async advance(): Promise<void> {
    if (this.running || this.closed || this.form === undefined) return;
    this.running = true;
    try {
      while (!this.closed && (await this.step())) await others();
    } catch {
      // The library refused: the collection is searched exactly.
      this.attempt = Infinity;
      this.discard();
    } finally {
      this.running = false;
    }
  }

  /**
   * The rows of the index near each query, nearest first. Those that are gone or changed are still
   * among them. @throws Error when the index is gone
   */
  search(queries: readonly Float32Array[], candidates: number): Uint32Array[] {
    if (this.graph === null) throw new Error("the index is gone");
    return this.graph.search(
      queries.map((query) => this.prepare(query)),
      candidates,
    );
  }

  close(): void {
    this.closed = true;
    this.discard();
  }

  /** @returns false when there is nothing to do */
  private async step(): Promise<boolean> {
    const { table } = this.options;
    if (this.graph !== null && this.shareGone() > mostGone) this.discard();
    if (this.graph === null) return await this.begin();
    if (this.indexed < table.fixed) {
      this.addSome(this.graph);
      return true;
    }
    if (this.withheld.size > 0) return this.complete(this.graph);
    if (table.size - table.fixed < worthAdding) return false;
    const from = table.fixed;
    table.fix();
    const hasGrown = table.size >= this.measuredAt * growth;
    this.withheld = new Set(hasGrown ? sampleRows(table, from) : []);
    return true;
  }

  private async begin(): Promise<boolean> {
    const { table } = this.options;
    const { form } = this;
    if (form === undefined) return false;
    if (form.projected) {
      const { dimension } = table;
      const projection = await fitProjection(this.sample(), dimension);
      if (this.closed) return false;
      if (projection === null) {
        this.attempt += 1;
        return true;
      }
      this.projection = projection;
    }
    return this.beginAs(form);
  }

  /** At once, so that no row comes or goes in between. */
  private beginAs({ precision }: Form): boolean {
    const { table, threads, mayTake } = this.options;
    if (!mayTake(this.estimate(table.size))) {
      this.projection = null;
      return false;
    }
    const operation = table.metric === "euclid" ? "square" : "product";
    this.graph = new Graph({ dimension: this.values, operation, precision, threads });
    table.release();
    table.fix();
    this.withheld = new Set(sampleRows(table, 0));
    return true;
  }

  /** Vectors from all over the collection, prepared: every second one, then those in between. */
  private sample(): Float32Array {
    const { table } = this.options;
    const { dimension } = table;
    const most = Math.min(mostSampled.rows, Math.floor(mostSampled.values / dimension));
    const rows = sampleRows(table, 0, most);
    const halves = [0, 1].flatMap((rest) => rows.filter((_, place) => place % 2 === rest));
    const vectors = new Float32Array(halves.length * dimension);
    for (const [place, row] of halves.entries()) {
      vectors.set(this.unit(table.valuesOf(row)), place * dimension);
    }
    return vectors;
  }

  private addSome(graph: Graph): void {
    const { table } = this.options;
    const end = performance.now() + (this.reach === null ? timeSlice : 0);
    do {
      const next = Math.min(this.indexed + graph.rowsAtOnce, table.fixed);
      const rows: number[] = [];
      for (let row = this.indexed; row < next; row++) if (!this.withheld.has(row)) rows.push(row);
      this.add(graph, rows);
      this.indexed = next;
    } while (this.indexed < table.fixed && performance.now() < end);
  }

  private add(graph: Graph, all: readonly number[]): void {
    const { table } = this.options;
    const rows = all.filter((row) => table.ids[row] !== undefined);
    if (rows.length === 0) return;
    const vectors = new Float32Array(rows.length * this.values);
    for (const [place, row] of rows.entries()) {
      vectors.set(this.prepare(table.valuesOf(row)), place * this.values);
    }
    graph.add(rows, vectors);
  }

  /** Measures the index, adds what was kept out for that, and lets searches use it. */
  private async complete(graph: Graph): Promise<boolean> {
    const { table, exact } = this.options;
    const samples = [...this.withheld];
    const search = (query: Float32Array, candidates: number): Uint32Array =>
      this.search([query], candidates)[0] as Uint32Array;
    const reach = await calibrate({ table, samples, exact, search });
    if (this.closed) return false;
    if (reach === null) {
      this.attempt += 1;
      this.discard();
      return true;
    }
    for (const row of samples) {
      this.add(graph, [row]);
      await others();
      if (this.closed) return false;
    }
    this.withheld = new Set();
    this.measuredAt = this.indexed;
    this.reach = reach;
    return true;
  }

  private discard(): void {
    this.graph = null;
    this.projection = null;
    this.reach = null;
    this.indexed = 0;
    this.withheld = new Set();
    this.options.table.release();
  }

  private shareGone(): number {
    const { table } = this.options;
    return table.fixedGone / Math.max(1, table.fixed);
  }

  private estimate(rows: number): number {
    const { precision } = this.form ?? { precision: "f32" };
    return rows * (this.values * bytesOf[precision] + graphBytes);
  }

  /** Of a vector as the index holds it. */
  private get values(): number {
    return this.projection?.size ?? this.options.table.dimension;
  }

  private prepare(vector: Float32Array): Float32Array {
    const unit = this.unit(vector);
    return this.projection?.apply(unit) ?? unit;
  }

  /** For the cosine, vectors of length 1, whose dot product it is. */
  private unit(vector: Float32Array): Float32Array {
    if (this.options.table.metric !== "cosine") return vector;
    const length = lengthOf(vector);
    return vector.map((value) => value / length);
  }
}
