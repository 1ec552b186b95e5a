import { randomUUID } from "node:crypto";
import type { Knex } from "knex";
import { BlockCache } from "./vectors/block-cache.ts";
import { accessDatabase } from "./vectors/database-access.ts";
import {
  decodeBlock,
  encodeEmbedding,
  readVector,
  type StoredVector,
} from "./vectors/embedding.ts";
import { findNearest, type Metric, type VectorBlock } from "./vectors/similarity.ts";
import { VectorError, collectionMissing } from "./vectors/vector-error.ts";

export interface Collection {
  name: string;
  dimension: number;
  metric: Metric;
  /** UTC, ISO 8601. */
  createdAt: string;
  /** Number of items. */
  items: number;
}

export interface Item {
  /** Replaces the item of that id; without one, a new id is made. */
  id?: string | undefined;
  vector: readonly number[];
  metadata?: Record<string, unknown> | undefined;
}

export interface SearchResult {
  id: string;
  /** Cosine similarity or dot product (greater is nearer), or Euclidean distance. */
  score: number;
  metadata: Record<string, unknown>;
}

interface CollectionRow {
  name: string;
  dimension: number;
  metric: Metric;
  revision: string;
  created_at: string;
}

export interface VectorStoreOptions {
  now: () => Date;
  /** Most bytes of vectors kept in memory between searches. Default: 256 MB. */
  cacheBytes?: number;
}

/** Rows of one insert: knex writes them as one compound SELECT, of which SQLite allows 500. */
const rowsPerStatement = 250;

/**
 * Collections of vectors in the environment's database. What a call has acknowledged is committed
 * there, and every search, of any daemon on that database, sees it.
 */
export class VectorStore {
  private readonly database: Knex;
  private readonly now: () => Date;
  private readonly cache: BlockCache;

  constructor(database: Knex, options: VectorStoreOptions) {
    this.database = database;
    this.now = options.now;
    this.cache = new BlockCache(options.cacheBytes ?? 256 * 1024 * 1024);
  }

  async list(): Promise<Collection[]> {
    return await this.describe();
  }

  /** @throws VectorError `vector.collection.missing` */
  async find(name: string): Promise<Collection> {
    const [collection] = await this.describe(name);
    if (collection === undefined) throw collectionMissing(name);
    return collection;
  }

  /**
   * Creates the collection; the same call again changes nothing.
   * @returns true when it is new
   * @throws VectorError `vector.collection.differs` when it exists with another dimension or metric
   */
  async create(name: string, dimension: number, metric: Metric): Promise<boolean> {
    const revision = randomUUID();
    const row = { name, dimension, metric, revision, created_at: this.now().toISOString() };
    return await accessDatabase(this.database, async (database) => {
      await database("studio_collections").insert(row).onConflict("name").ignore();
      const stored = await this.read(database, name);
      if (stored.revision === revision) return true;
      if (stored.dimension === dimension && stored.metric === metric) return false;
      throw new VectorError(
        "vector.collection.differs",
        `The collection "${name}" exists with dimension ${stored.dimension} and metric ${stored.metric}.`,
        "Delete it first, or use another name.",
      );
    });
  }

  /** Deletes the collection with its items. @throws VectorError `vector.collection.missing` */
  async remove(name: string): Promise<void> {
    const count = await accessDatabase(this.database, (database) =>
      database("studio_collections").where({ name }).delete(),
    );
    this.cache.forget(name);
    if (count === 0) throw collectionMissing(name);
  }

  /**
   * Adds or replaces items, all of them or none; resolves once they are committed.
   * @returns the ids, in order
   * @throws VectorError `vector.input`, `vector.collection.missing`
   */
  async put(name: string, items: readonly Item[]): Promise<string[]> {
    const collection = await accessDatabase(this.database, (database) => this.read(database, name));
    const created = this.now().toISOString();
    const rows = items.map((item, index) => ({
      collection: name,
      id: item.id ?? randomUUID(),
      embedding: encodeEmbedding(readVector(item.vector, collection, `item ${index}`)),
      metadata: JSON.stringify(item.metadata ?? {}),
      created_at: created,
    }));
    const ids = rows.map(({ id }) => id);
    if (new Set(ids).size < ids.length) {
      throw new VectorError("vector.input", "Two of the items have the same id.");
    }
    await accessDatabase(this.database, (database) =>
      database.transaction((transaction) => this.write(transaction, collection, rows)),
    );
    return ids;
  }

  /**
   * The `count` items nearest to `vector`, nearest first, found by comparing all of them.
   * @throws VectorError `vector.input`, `vector.collection.missing`
   */
  async search(
    name: string,
    vector: readonly number[],
    count: number,
  ): Promise<{ metric: Metric; results: SearchResult[] }> {
    const collection = await accessDatabase(this.database, (database) => this.read(database, name));
    const query = readVector(vector, collection, "the query");
    const block = this.cache.find(name, collection.revision) ?? (await this.load(collection));
    const results = findNearest(block, query, collection.metric, count).map(({ row, score }) => ({
      id: block.ids[row] as string,
      score,
      metadata: JSON.parse(block.metadata[row] as string) as Record<string, unknown>,
    }));
    return { metric: collection.metric, results };
  }

  /** The write that comes first holds the collection's row, so that revisions follow commits. */
  private async write(
    transaction: Knex.Transaction,
    { name, dimension, metric }: CollectionRow,
    rows: readonly object[],
  ): Promise<void> {
    const changed = await transaction("studio_collections")
      .where({ name, dimension, metric })
      .update({ revision: randomUUID() });
    if (changed === 0) throw collectionMissing(name);
    for (let start = 0; start < rows.length; start += rowsPerStatement) {
      await transaction("studio_vectors")
        .insert(rows.slice(start, start + rowsPerStatement))
        .onConflict(["collection", "id"])
        .merge();
    }
  }

  /**
   * Reads all vectors. The revision was read before them, so they are at least as new as it: a
   * copy kept under that revision never hides a later commit.
   */
  private async load({ name, dimension, revision }: CollectionRow): Promise<VectorBlock> {
    const rows = await accessDatabase(this.database, (database) =>
      database("studio_vectors")
        .where({ collection: name })
        .select<StoredVector[]>("id", "embedding", "metadata"),
    );
    const block = decodeBlock(rows, dimension);
    this.cache.keep(name, revision, block);
    return block;
  }

  private async read(database: Knex, name: string): Promise<CollectionRow> {
    const row = await database<CollectionRow>("studio_collections").where({ name }).first();
    if (row === undefined) throw collectionMissing(name);
    return row;
  }

  private async describe(name?: string): Promise<Collection[]> {
    const columns = ["c.name", "c.dimension", "c.metric", "c.created_at"];
    const rows = await accessDatabase(this.database, (database) => {
      const query = database("studio_collections as c")
        .leftJoin("studio_vectors as v", "v.collection", "c.name")
        .groupBy(columns)
        .orderBy("c.name")
        .select(columns)
        .count("v.id as items");
      return name === undefined ? query : query.where("c.name", name);
    });
    return (rows as unknown as (CollectionRow & { items: number | string })[]).map((row) => ({
      name: row.name,
      dimension: row.dimension,
      metric: row.metric,
      createdAt: row.created_at,
      items: Number(row.items),
    }));
  }
}
