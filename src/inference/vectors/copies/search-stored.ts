import type { Knex } from "knex";
import type { EngineQuery, Found, SearchAnswer } from "../engine/engine-protocol.ts";
import type { VectorEngine } from "../engine/engine.ts";
import { compareNeighbours } from "../engine/nearest.ts";
import { rankOf } from "../similarity.ts";
import type { CollectionRow } from "../stored/collections.ts";
import { accessDatabase } from "../stored/database-access.ts";
import { itemsPerPage, readPage } from "../stored/read-items.ts";
import { changesOf } from "./collection-copies.ts";

/** Searches a collection that does not fit in memory, page by page: slow, exact, and bounded. */
export async function searchStored(
  { database, engine }: { database: Knex; engine: VectorEngine },
  { name, metric, dimension }: CollectionRow,
  query: EngineQuery,
): Promise<SearchAnswer> {
  const limit = itemsPerPage(dimension);
  let found: Found[] = [];
  for (let after: string | null = null; ; ) {
    const page = await accessDatabase(database, (connection) =>
      readPage(connection, name, { after, limit }),
    );
    const handle = await engine.open(metric, dimension);
    await engine.apply(handle, changesOf(page, dimension));
    const answer = await engine.search(handle, { ...query, exact: true });
    await engine.drop(handle);
    found = [...found, ...answer.found]
      .map((one) => ({ ...one, rank: rankOf(metric, one.score) }))
      .sort(compareNeighbours)
      .slice(0, query.count)
      .map(({ id, score, metadata }) => ({ id, score, metadata }));
    after = page.at(-1)?.id ?? null;
    if (page.length < limit) return { method: "exact", found };
  }
}
