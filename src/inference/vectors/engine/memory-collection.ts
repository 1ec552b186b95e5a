import { matches } from "../filter/matches.ts";
import { ApproximateIndex } from "../index/approximate-index.ts";
import type { IndexThread } from "../index/index-thread.ts";
import type { ScanTeam } from "../scan/scan-team.ts";
import { lengthOf, type Metric, scoreOf } from "../similarity.ts";
import type { Changes, EngineQuery, SearchAnswer } from "./engine-protocol.ts";
import { searchExactly } from "./exact-search.ts";
import { Nearest, type Neighbour } from "./nearest.ts";
import { type Metadata, RowTable } from "./row-table.ts";

export interface CollectionOptions {
  team: ScanTeam;
  indexThread: IndexThread;
  metric: Metric;
  dimension: number;
  approximateFrom: number | null;
  mayTake: (bytes: number) => boolean;
}

/** More results than this are always found exactly: an index is measured with ten. */
const mostApproximate = 100;

/** The most candidates an index is asked for. */
const mostCandidates = 4096;

/** The least share of candidates that a filter leaves for the index to be worth asking again. */
const leastShare = 1 / 16;

/** One collection in memory: its rows, and the index once there are enough of them. */
export class MemoryCollection {
  readonly table: RowTable;
  readonly index: ApproximateIndex;
  private readonly options: CollectionOptions;

  constructor(options: CollectionOptions) {
    const { team, indexThread: thread, metric, dimension, mayTake } = options;
    this.options = options;
    this.table = new RowTable(team.arena, metric, dimension);
    const { table } = this;
    this.index = new ApproximateIndex({
      table,
      thread,
      mayTake,
      exact: (queries, count) => {
        const accepts = (row: number): boolean => this.index.holds(row);
        return queries.flatMap((vector) =>
          searchExactly(team, table, [{ vector, count, accepts }]).map((found) =>
            found.map(({ row }) => row),
          ),
        );
      },
    });
  }

  get bytes(): number {
    return this.table.bytes + this.index.bytes;
  }

  /** @returns false when there was no memory for all of them */
  apply({ ids, metadata, vectors, removed }: Changes): boolean {
    for (const id of removed) this.table.remove(id);
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
    return !exact && count <= mostApproximate && this.index.breadth !== null;
  }

  /** @param queries as many as the kernel compares at once, at most */
  searchExactly(queries: readonly EngineQuery[]): SearchAnswer[] {
    const exact = queries.map((query) => ({ ...query, accepts: this.accepting(query) }));
    return searchExactly(this.options.team, this.table, exact).map((found) =>
      this.answer("exact", found),
    );
  }

  /** By the index; null when it does not find enough, and all must be compared. */
  async searchApproximately(query: EngineQuery): Promise<SearchAnswer | null> {
    const { index, table } = this;
    const { identity, breadth } = index;
    if (breadth === null) return null;
    // Measured with ten results; those beyond may lie farther out.
    const wanted = breadth + 4 * Math.max(0, query.count - 10);
    const accepts = this.accepting(query);
    const isUsable = (row: number): boolean => table.ids[row] !== undefined && accepts(row);
    let asked = wanted;
    for (let attempt = 1; attempt <= 2; attempt++) {
      const candidates = await index.search(query.vector, asked);
      if (index.identity !== identity || index.breadth === null) return null;
      const usable = candidates.filter(isUsable);
      // Half of what was measured to be enough: more than one in two is seldom filtered away.
      if (usable.length >= Math.max(query.count, wanted / 2))
        return this.merge(query, usable, accepts);
      const share = usable.length / Math.max(1, candidates.length);
      asked = Math.ceil(wanted / Math.max(share, leastShare));
      if (share < leastShare || asked > mostCandidates || candidates.length < asked / 16)
        return null;
    }
    return null;
  }

  close(): void {
    this.index.close();
    this.table.clear();
  }

  /** Candidates of the index and the rows it does not hold yet. */
  private merge(
    { vector, count }: EngineQuery,
    candidates: Uint32Array,
    accepts: (row: number) => boolean,
  ): SearchAnswer {
    const { table, options, index } = this;
    const nearest = new Nearest(table, count);
    const target = { values: vector, start: 0, length: lengthOf(vector) };
    const isKeptOut = (row: number): boolean => table.ids[row] !== undefined && accepts(row);
    const near = new Set([...candidates, ...[...index.withheld].filter(isKeptOut)]);
    for (const row of near) {
      if (row >= index.indexed) continue;
      nearest.add(row, scoreOf(table.metric, table.placed(row), target, table.dimension));
    }
    const query = { vector, count, accepts };
    const [rest = []] = searchExactly(options.team, table, [query], index.indexed);
    for (const { row, score } of rest) nearest.add(row, score);
    return this.answer("approximate", nearest.sorted());
  }

  private answer(method: SearchAnswer["method"], found: readonly Neighbour[]): SearchAnswer {
    return {
      method,
      found: found.map(({ row, id, score }) => ({
        id,
        score,
        metadata: this.table.metadata[row] as Metadata,
      })),
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
