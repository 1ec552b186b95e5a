import type { ApproximateIndex } from "../index/approximate-index.ts";
import type { Reach } from "../index/calibrate.ts";
import type { ScanTeam } from "../scan/scan-team.ts";
import { lengthOf, scoreOf } from "../similarity.ts";
import { type ExactQuery, searchExactly } from "./exact-search.ts";
import { Nearest, type Neighbour } from "./nearest.ts";
import type { RowTable } from "./row-table.ts";

export interface Searched {
  table: RowTable;
  index: ApproximateIndex;
  team: ScanTeam;
}

interface Asked {
  query: ExactQuery;
  place: number;
  candidates: number;
}

/** The most candidates an index is asked for. */
const mostCandidates = 4096;

/** The least share of candidates that a filter leaves for the index to be worth asking again. */
const leastShare = 1 / 16;

/** Of the candidates wanted, how many must be left: a few may be gone since the index was built. */
const enough = 0.7;

/**
 * The nearest accepted rows of each query among those that the index proposes and those it does not
 * hold yet, with the scores of exact search. Null for a query for which it proposes too few.
 */
export function searchApproximately(
  searched: Searched,
  queries: readonly ExactQuery[],
): (Neighbour[] | null)[] {
  const { table, index } = searched;
  const { reach } = index;
  const answers: (Neighbour[] | null)[] = queries.map(() => null);
  if (reach === null) return answers;
  const answerOrAskMore = (asked: Asked, proposed: Uint32Array): Asked[] => {
    const { query, place } = asked;
    const near = proposed.filter((row) => table.ids[row] !== undefined && query.accepts(row));
    if (near.length >= Math.max(query.count, enough * wantedFor(query, reach))) {
      answers[place] = merge(searched, query, near.subarray(0, reach.scored + fartherOut(query)));
      return [];
    }
    const candidates = moreCandidates(wantedFor(query, reach), near.length, proposed.length);
    return candidates === null ? [] : [{ query, place, candidates }];
  };
  let open: Asked[] = queries.map((query, place) => {
    return { query, place, candidates: wantedFor(query, reach) };
  });
  for (let attempt = 1; attempt <= 2; attempt++) {
    const groups = Map.groupBy(open, ({ candidates }) => candidates);
    open = [...groups].flatMap(([candidates, group]) => {
      const vectors = group.map(({ query }) => query.vector);
      const found = index.search(vectors, candidates);
      return group.flatMap((asked, at) => answerOrAskMore(asked, found[at] as Uint32Array));
    });
  }
  return answers;
}

/** Null where so few are left that comparing all is faster. */
function moreCandidates(wanted: number, left: number, proposed: number): number | null {
  const share = left / Math.max(1, proposed);
  if (share < leastShare) return null;
  const more = Math.ceil(wanted / share);
  return more <= Math.min(mostCandidates, proposed * 16) ? more : null;
}

function merge(
  { table, index, team }: Searched,
  query: ExactQuery,
  candidates: Uint32Array,
): Neighbour[] {
  const { vector, count, accepts } = query;
  const nearest = new Nearest(table, count);
  const target = { values: vector, start: 0, length: lengthOf(vector) };
  const score = (row: number): void => {
    nearest.add(row, scoreOf(table.metric, table.placed(row), target, table.dimension));
  };
  // Those that were kept out are added to the index one by one, and may be among both.
  for (const row of candidates) if (!index.withheld.has(row)) score(row);
  for (const row of index.withheld) {
    if (row < index.indexed && table.ids[row] !== undefined && accepts(row)) score(row);
  }
  const [rest = []] = searchExactly(team, table, [query], index.indexed);
  for (const one of rest) nearest.add(one.row, one.score);
  return nearest.sorted();
}

function wantedFor(query: ExactQuery, reach: Reach): number {
  return reach.breadth + fartherOut(query);
}

/** An index is measured with ten results; those beyond may lie farther out. */
function fartherOut({ count }: ExactQuery): number {
  return 4 * Math.max(0, count - 10);
}
