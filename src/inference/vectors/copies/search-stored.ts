import type { Knex } from "knex";
import type { EngineQuery, Found, SearchAnswer } from "../engine/engine-protocol.ts";
import type { VectorEngine } from "../engine/engine.ts";
import type { SearchCaller } from "../callers/search-caller.ts";
import { compareNeighbours } from "../engine/nearest.ts";
import { rankOf } from "../similarity.ts";
import type { CollectionRow } from "../stored/collections.ts";
import { accessDatabase } from "../stored/database-access.ts";
import type { StoredVector } from "../stored/embedding.ts";
import { itemsPerPage, readPage } from "../stored/read-items.ts";
import { VectorError } from "../vector-error.ts";
import { changesOf, type CollectionCopies } from "./collection-copies.ts";

interface Searched {
  database: Knex;
  engine: VectorEngine;
  copies: CollectionCopies;
  caller: SearchCaller;
}

/**
 * Searches a collection that does not fit in memory, page by page: slow, exact, and bounded.
 * @throws VectorError `vector.engine` when there is not even memory for a page
 * @throws InferenceError `inference.cancelled`, `inference.deadline` before a page that nobody
 * waits for any more
 */
export async function searchStored(
  searched: Searched,
  collection: CollectionRow,
  query: EngineQuery,
): Promise<SearchAnswer> {
  const { name, metric, dimension } = collection;
  const limit = itemsPerPage(dimension);
  let found: Found[] = [];
  for (let after: string | null = null; ; ) {
    searched.caller.check();
    const page = await accessDatabase(searched.database, (connection) =>
      readPage(connection, name, { after, limit }),
    );
    found = [...found, ...(await searchPage(searched, collection, page, query))]
      .map((one) => ({ ...one, rank: rankOf(metric, one.score) }))
      .sort(compareNeighbours)
      .slice(0, query.count)
      .map(({ id, score, metadata }) => ({ id, score, metadata }));
    after = page.at(-1)?.id ?? null;
    if (page.length < limit) return { method: "exact", found };
  }
}

async function searchPage(
  { engine, copies, caller }: Searched,
  { name, metric, dimension }: CollectionRow,
  page: readonly StoredVector[],
  query: EngineQuery,
): Promise<Found[]> {
  caller.check();
  const handle = await engine.open(metric, dimension);
  try {
    // A page of which a part is missing would give an answer without saying what it left out.
    while (!(await engine.apply(handle, changesOf(page, dimension))).complete) {
      if (!(await copies.makeRoomFor(name))) throw withoutRoom(name);
    }
    return (await engine.search(handle, { ...query, exact: true })).found;
  } finally {
    // Its memory counts until then. An engine that is gone holds none of it.
    await engine.drop(handle).catch(() => {});
  }
}

function withoutRoom(name: string): VectorError {
  return new VectorError(
    "vector.engine",
    `There is no memory left to search the collection "${name}", not even a part at a time.`,
    "Try again, or raise serve.vectors.memory.",
  );
}
