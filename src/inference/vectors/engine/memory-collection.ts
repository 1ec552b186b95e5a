import { matches } from "../filter/matches.ts";
import { ApproximateIndex } from "../index/approximate-index.ts";
import type { ScanTeam } from "../scan/scan-team.ts";
import { lengthOf, type Metric, scoreOf } from "../similarity.ts";
import type { Changes, EngineQuery, SearchAnswer } from "./engine-protocol.ts";
import { searchExactly } from "./exact-search.ts";
import { Nearest, type Neighbour } from "./nearest.ts";
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
    return !exact && count <= mostApproximate && this.index.reach !== null;
  }

  /** @param queries as many as the kernel compares at once, at most */
  searchExactly(queries: readonly EngineQuery[]): SearchAnswer[] {
    const exact = queries.map((query) => ({ ...query, accepts: this.accepting(query) }));
    return searchExactly(this.options.team, this.table, exact).map((found) =>
      this.answer("exact", found),
    );
  }

  /** By the index; null for each query for which it finds too little, so that all must be compared. */
  searchApproximately(queries: readonly EngineQuery[]): (SearchAnswer | null)[] {
    const answers: (SearchAnswer | null)[] = queries.map(() => null);
    const { reach } = this.index;
    if (reach === null) return answers;
    let open = queries.map((query, place) => ({
      query,
      place,
      accepts: this.accepting(query),
      asked: reach.breadth + fartherOut(query),
    }));
    for (let attempt = 1; attempt <= 2; attempt++) {
      const again: typeof open = [];
      for (const [asked, group] of Map.groupBy(open, (one) => one.asked)) {
        const vectors = group.map(({ query }) => query.vector);
        for (const [index, candidates] of this.index.search(vectors, asked).entries()) {
          const { query, place, accepts } = group[index] as (typeof open)[number];
          const usable = candidates.filter((row) => this.isPresent(row) && accepts(row));
          const wanted = reach.breadth + fartherOut(query);
          // Half of what was measured to be enough: more than one in two is seldom filtered away.
          if (usable.length >= Math.max(query.count, wanted / 2)) {
            const near = usable.subarray(0, reach.scored + fartherOut(query));
            answers[place] = this.merge(query, near, accepts);
            continue;
          }
          const share = usable.length / Math.max(1, candidates.length);
          const more = Math.ceil(wanted / Math.max(share, leastShare));
          const isWorth = share >= leastShare && candidates.length >= more / 16;
          if (isWorth && more <= mostCandidates) again.push({ query, place, accepts, asked: more });
        }
      }
      open = again;
    }
    return answers;
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
    const score = (row: number): void => {
      nearest.add(row, scoreOf(table.metric, table.placed(row), target, table.dimension));
    };
    // Those that were kept out are added to the index one by one, and may be among both.
    for (const row of candidates) if (!index.withheld.has(row)) score(row);
    for (const row of index.withheld) {
      if (row < index.indexed && this.isPresent(row) && accepts(row)) score(row);
    }
    const query = { vector, count, accepts };
    const [rest = []] = searchExactly(options.team, table, [query], index.indexed);
    for (const one of rest) nearest.add(one.row, one.score);
    return this.answer("approximate", nearest.sorted());
  }

  private isPresent(row: number): boolean {
    return this.table.ids[row] !== undefined;
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

/** An index is measured with ten results; those beyond may lie farther out. */
function fartherOut({ count }: EngineQuery): number {
  return 4 * Math.max(0, count - 10);
}
