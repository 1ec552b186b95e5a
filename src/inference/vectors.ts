import { availableParallelism } from "node:os";
import type { Knex } from "knex";
import { checkItems, type Item } from "./vectors/checked-item.ts";
import type { JobOptions } from "./pending-request.ts";
import { Places } from "./vectors/callers/places.ts";
import type { SearchCaller } from "./vectors/callers/search-caller.ts";
import { SearchCallers } from "./vectors/callers/search-callers.ts";
import { CollectionCopies } from "./vectors/copies/collection-copies.ts";
import { Turns } from "./turns.ts";
import { Latest } from "./vectors/copies/latest.ts";
import { searchStored } from "./vectors/copies/search-stored.ts";
import type {
  CollectionState,
  EngineQuery,
  SearchAnswer,
  SearchMethod,
} from "./vectors/engine/engine-protocol.ts";
import { VectorEngine } from "./vectors/engine/engine.ts";
import { parseFilter } from "./vectors/filter/parse-filter.ts";
import { distanceFrom, type Metric } from "./vectors/similarity.ts";
import {
  type Collection,
  type CollectionRow,
  createCollection,
  describeCollections,
  readCollection,
} from "./vectors/stored/collections.ts";
import { accessDatabase } from "./vectors/stored/database-access.ts";
import { decodeEmbeddings, readVector } from "./vectors/stored/embedding.ts";
import { deleteItems, writeItems } from "./vectors/stored/items.ts";
import { readItem, readPage, type StoredItem } from "./vectors/stored/read-items.ts";
import { VectorError, collectionMissing } from "./vectors/vector-error.ts";

export type { Item } from "./vectors/checked-item.ts";
export type { Collection } from "./vectors/stored/collections.ts";

export interface PresentItem {
  id: string;
  vector: number[];
  metadata: Record<string, unknown>;
  /** UTC, ISO 8601. */
  createdAt: string;
}

export interface SearchRequest {
  vector: ArrayLike<number>;
  /** Results wanted. */
  count: number;
  /** In the JSON form that `parseFilter` describes. */
  filter?: unknown;
  /** Compare with all items, even where there is an index. */
  exact?: boolean;
}

export interface SearchResult {
  id: string;
  /** Cosine similarity or dot product (greater is nearer), or Euclidean distance (less is). */
  score: number;
  /** Less is nearer: 1 − cosine, the dot product negated, or the Euclidean distance. */
  distance: number;
  metadata: Record<string, unknown>;
}

export interface SearchResults {
  metric: Metric;
  method: SearchMethod;
  results: SearchResult[];
}

export interface VectorStoreOptions {
  now: () => Date;
  /** Most bytes of vectors, texts and indexes kept in memory. Default: 512 MB. */
  memory?: number;
  /** Items from which a collection is searched by an approximate index; null: never. Default: 20,000. */
  approximateFrom?: number | null;
  /** Threads that compare vectors. Default: as many as there are processors, eight at most. */
  threads?: number;
  /** Searches under way at once, further ones are refused. Default: 1024. */
  searches?: number;
}

/** Searches of collections that do not fit in memory: one is computed, the others wait. */
const mostStored = 64;

/**
 * Collections of vectors in the environment's database. What a call has acknowledged is committed
 * there, and every search, of any daemon on that database, sees it: before a search the number of
 * the collection's last change is read, and what has changed since is applied to the copy in memory.
 */
export class VectorStore {
  private readonly database: Knex;
  private readonly now: () => Date;
  private readonly engine: VectorEngine;
  private readonly copies: CollectionCopies;
  private readonly rows: Latest<CollectionRow>;
  private readonly callers: SearchCallers;
  private readonly stored = new Places(mostStored);
  /** There may not be room for pages of two collections, or for one and what is being loaded. */
  private readonly turns = new Turns();

  constructor(database: Knex, options: VectorStoreOptions) {
    this.database = database;
    this.now = options.now;
    this.engine = new VectorEngine({
      bytes: options.memory ?? 512 * 1024 * 1024,
      threads: options.threads ?? Math.min(availableParallelism(), 8),
      approximateFrom: options.approximateFrom === undefined ? 20_000 : options.approximateFrom,
    });
    this.callers = new SearchCallers(options.searches ?? 1024);
    this.copies = new CollectionCopies(database, this.engine, this.turns);
    this.rows = new Latest((name) => this.access((connection) => readCollection(connection, name)));
  }

  async list(): Promise<Collection[]> {
    return await this.access((database) => describeCollections(database));
  }

  /** @throws VectorError `vector.collection.missing` */
  async find(name: string): Promise<Collection> {
    const [collection] = await this.access((database) => describeCollections(database, name));
    if (collection === undefined) throw collectionMissing(name);
    return collection;
  }

  /**
   * Creates the collection; the same call again changes nothing.
   * @returns true when it is new
   * @throws VectorError `vector.collection.differs` when it exists with another dimension or metric
   */
  async create(name: string, dimension: number, metric: Metric): Promise<boolean> {
    const createdAt = this.now().toISOString();
    return await this.access((database) =>
      createCollection(database, { name, dimension, metric, createdAt }),
    );
  }

  /** Deletes the collection with its items. @throws VectorError `vector.collection.missing` */
  async remove(name: string): Promise<void> {
    const count = await this.access((database) =>
      database("studio_collections").where({ name }).delete(),
    );
    await this.copies.forget(name);
    if (count === 0) throw collectionMissing(name);
  }

  /**
   * Adds or replaces items, all of them or none; resolves once they are committed.
   * @param mode `add`: an id that exists is refused
   * @returns the ids, in order
   * @throws VectorError `vector.input`, `vector.collection.missing`, `vector.item.exists`
   */
  async put(
    name: string,
    items: readonly Item[],
    mode: "upsert" | "add" = "upsert",
  ): Promise<string[]> {
    const collection = await this.rows.get(name);
    const rows = checkItems(items, collection, this.now().toISOString());
    await this.access((database) =>
      database.transaction((transaction) =>
        writeItems(transaction, collection, rows, mode === "upsert"),
      ),
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Deletes items; ids that do not exist are passed over.
   * @returns the ids that existed
   * @throws VectorError `vector.collection.missing`
   */
  async delete(name: string, ids: readonly string[]): Promise<string[]> {
    const collection = await this.rows.get(name);
    const known = [...new Set(ids)].filter(isStorable);
    return await this.access((database) =>
      database.transaction((transaction) => deleteItems(transaction, collection, known)),
    );
  }

  /** @throws VectorError `vector.collection.missing`, `vector.item.missing` */
  async item(name: string, id: string): Promise<PresentItem> {
    const { dimension } = await this.rows.get(name);
    const row = isStorable(id)
      ? await this.access((database) => readItem(database, name, id))
      : undefined;
    if (row !== undefined) return present(row, dimension);
    throw new VectorError(
      "vector.item.missing",
      `The collection "${name}" has no item of that id.`,
    );
  }

  /**
   * Items in the order of their ids, as the database sorts them.
   * @param after the last id of the page before
   * @throws VectorError `vector.collection.missing`
   */
  async page(name: string, after: string | null, limit: number): Promise<PresentItem[]> {
    const { dimension } = await this.rows.get(name);
    const rows = await this.access((database) => readPage(database, name, { after, limit }));
    return rows.map((row) => present(row, dimension));
  }

  /**
   * The items nearest to the vector that meet the filter, nearest first, of equally near ones the
   * lesser id.
   * @param options how long the caller waits. Default: as long as it takes
   * @throws VectorError `vector.input`, `vector.filter`, `vector.collection.missing`
   * @throws InferenceError `inference.queue.full`, `inference.deadline`, `inference.cancelled`
   */
  async search(
    name: string,
    request: SearchRequest,
    options: JobOptions = { timeout: Infinity },
  ): Promise<SearchResults> {
    return await this.callers.serve(options, (caller) => this.searchFor(caller, name, request));
  }

  private async searchFor(
    caller: SearchCaller,
    name: string,
    request: SearchRequest,
  ): Promise<SearchResults> {
    const row = await this.rows.get(name);
    const { metric } = row;
    const query: EngineQuery = {
      vector: readVector(request.vector, row, "the query"),
      count: request.count,
      filter: request.filter === undefined ? null : parseFilter(request.filter),
      exact: request.exact ?? false,
    };
    const { method, found } = await this.searchCopy(caller, row, query);
    const results = found.map(({ id, score, metadata }) => ({
      id,
      score,
      distance: distanceFrom(metric, score),
      metadata,
    }));
    return { metric, method, results };
  }

  /** What of the collection is in memory now; null when nothing is. */
  async state(name: string): Promise<CollectionState | null> {
    const copy = await this.copies.upToDate(await this.rows.get(name));
    return copy === null ? null : await this.engine.state(copy.handle);
  }

  /** Reads the collections that fit in memory, so that no search has to wait for it. */
  async warmUp(): Promise<void> {
    for (const { name } of await this.list()) {
      await this.copies.upToDate(await this.rows.get(name), { mayEvict: false });
    }
  }

  /** Ends the threads. The database is left open. */
  async close(): Promise<void> {
    await this.engine.close();
  }

  private async searchCopy(
    caller: SearchCaller,
    row: CollectionRow,
    query: EngineQuery,
  ): Promise<SearchAnswer> {
    for (let attempt = 1; ; attempt++) {
      caller.check();
      try {
        const copy = await this.copies.upToDate(row);
        caller.check();
        if (copy === null) break;
        return await this.engine.search(copy.handle, query, caller);
      } catch (error) {
        // The copy was given up for another collection, or its threads failed: once more.
        const isGone = error instanceof VectorError && error.code === "vector.engine";
        if (!isGone || attempt === 3) throw error;
      }
    }
    const { database, engine, copies } = this;
    return await this.stored.hold(() =>
      this.turns.take(() => searchStored({ database, engine, copies, caller }, row, query)),
    );
  }

  private access<Result>(work: (database: Knex) => Promise<Result>): Promise<Result> {
    return accessDatabase(this.database, work);
  }
}

/** Other ids were never stored, and some databases do not even take them in a question. */
function isStorable(id: string): boolean {
  return id.isWellFormed() && !id.includes("\0");
}

function present(
  { id, embedding, metadata, createdAt }: StoredItem,
  dimension: number,
): PresentItem {
  return {
    id,
    vector: [...decodeEmbeddings([{ id, embedding, metadata }], dimension)],
    metadata: JSON.parse(metadata) as Record<string, unknown>,
    createdAt,
  };
}
