import { matches } from "../filter/matches.ts";
import { ApproximateIndex } from "../index/approximate-index.ts";
import type { ScanTeam } from "../scan/scan-team.ts";
import type { Metric } from "../similarity.ts";
import { searchApproximately } from "./approximate-search.ts";
import type { Changes, EngineQuery, FoundColumns } from "./engine-protocol.ts";
import { searchExactly } from "./exact-search.ts";
import type { Neighbour } from "./nearest.ts";
import { type Metadata, RowTable } from "./row-table.ts";

export interface CollectionOptions {
  team: ScanTeam;
  /** The most that search the index at once. */
  threads: number;
  metric: Metric;
  dimension: number;
  approximateFrom: number | null;
  mayTake: (bytes: number) => boolean;
}

/** More results than this are always found exactly: an index is measured with ten. */
const mostApproximate = 100;

/** One collection in memory: its rows, and the index once there are enough of them. */
export class MemoryCollection {
  readonly table: RowTable;
  readonly index: ApproximateIndex;
  private readonly options: CollectionOptions;

  constructor(options: CollectionOptions) {
    const { team, threads, metric, dimension, mayTake } = options;
    this.options = options;
    this.table = new RowTable(team.arena, metric, dimension);
    const { table } = this;
    const accepts = (row: number): boolean => this.index.holds(row);
    this.index = new ApproximateIndex({
      table,
      threads,
      mayTake,
      exact: (vector, count) =>
        searchExactly(team, table, [{ vector, count, accepts }]).flatMap((found) =>
          found.map(({ row }) => row),
        ),
    });
  }

  get bytes(): number {
    return this.table.bytes + this.index.bytes;
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) this.table.remove(id);
  }

  /** Adds or replaces items. @returns false when there was no memory for all of them */
  add({ ids, metadata, vectors }: Changes): boolean {
    const { dimension } = this.table;
    for (const [place, id] of ids.entries()) {
      const values = vectors.subarray(place * dimension, (place + 1) * dimension);
      if (!this.table.put(id, values, metadata[place] as string)) return false;
    }
    const { approximateFrom } = this.options;
    if (approximateFrom !== null && this.table.items >= approximateFrom) void this.index.advance();
    return true;
  }

  /** Would the index be asked? */
  isApproximate({ exact, count }: EngineQuery): boolean {
    return !exact && count <= mostApproximate && this.index.reach !== null;
  }

  /** @param queries as many as the kernel compares at once, at most */
  searchExactly(queries: readonly EngineQuery[]): FoundColumns[] {
    const exact = queries.map((query) => ({ ...query, accepts: this.accepting(query) }));
    return searchExactly(this.options.team, this.table, exact).map((found) =>
      this.answer("exact", found),
    );
  }

  /** By the index; null for each query for which it finds too little. */
  searchApproximately(queries: readonly EngineQuery[]): (FoundColumns | null)[] {
    const { table, index, options } = this;
    const asked = queries.map((query) => ({ ...query, accepts: this.accepting(query) }));
    return searchApproximately({ table, index, team: options.team }, asked).map((found) =>
      found === null ? null : this.answer("approximate", found),
    );
  }

  close(): void {
    this.index.close();
    this.table.clear();
  }

  private answer(method: FoundColumns["method"], found: readonly Neighbour[]): FoundColumns {
    return {
      method,
      ids: found.map(({ id }) => id),
      scores: found.map(({ score }) => score),
      metadata: found.map(({ row }) => this.table.metadata[row] as Metadata),
    };
  }

  /** Asks the filter about each row once at most. */
  private accepting({ filter }: EngineQuery): (row: number) => boolean {
    if (filter === null) return () => true;
    const { metadata } = this.table;
    const known = new Int8Array(this.table.size);
    return (row) => {
      const verdict = known[row] || (matches(filter, metadata[row]) ? 1 : -1);
      known[row] = verdict;
      return verdict === 1;
    };
  }
}
