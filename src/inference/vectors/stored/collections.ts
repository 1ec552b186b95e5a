import { randomUUID } from "node:crypto";
import type { Knex } from "knex";
import type { Metric } from "../similarity.ts";
import { VectorError, collectionMissing } from "../vector-error.ts";

export interface CollectionRow {
  name: string;
  dimension: number;
  metric: Metric;
  /** A new random value with every change, whichever release made it. */
  revision: string;
  /** The revision of the last numbered change. */
  sequenced: string;
  /** Number of the last numbered change. */
  sequence: number;
  /** Another one: the numbers do not tell what has changed. */
  epoch: string;
  /** Deletions numbered before this are forgotten. */
  keptFrom: number;
  createdAt: string;
}

export interface Collection {
  name: string;
  dimension: number;
  metric: Metric;
  /** UTC, ISO 8601. */
  createdAt: string;
  /** Number of items. */
  items: number;
}

/** @throws VectorError `vector.collection.missing` */
export async function readCollection(database: Knex, name: string): Promise<CollectionRow> {
  const row = (await database("studio_collections").where({ name }).first()) as
    | StoredRow
    | undefined;
  if (row === undefined) throw collectionMissing(name);
  const { kept_from: keptFrom, created_at: createdAt, sequence, ...rest } = row;
  // A server may give numbers of 64 bits as text.
  return { ...rest, sequence: Number(sequence), keptFrom: Number(keptFrom), createdAt };
}

interface StoredRow extends Omit<CollectionRow, "sequence" | "keptFrom" | "createdAt"> {
  sequence: number | string;
  kept_from: number | string;
  created_at: string;
}

/**
 * Creates the collection; the same call again changes nothing.
 * @returns true when it is new
 * @throws VectorError `vector.collection.differs` when it exists with another dimension or metric
 */
export async function createCollection(
  database: Knex,
  { name, dimension, metric, createdAt }: Omit<Collection, "items">,
): Promise<boolean> {
  const revision = randomUUID();
  const numbered = { revision, sequenced: revision, epoch: randomUUID() };
  await database("studio_collections")
    .insert({ name, dimension, metric, created_at: createdAt, ...numbered })
    .onConflict("name")
    .ignore();
  const stored = await readCollection(database, name);
  if (stored.epoch === numbered.epoch) return true;
  if (stored.dimension === dimension && stored.metric === metric) return false;
  throw new VectorError(
    "vector.collection.differs",
    `The collection "${name}" exists with dimension ${stored.dimension} and metric ${stored.metric}.`,
    "Delete it first, or use another name.",
  );
}

/** All collections in the order of their names, or the one of that name. */
export async function describeCollections(database: Knex, name?: string): Promise<Collection[]> {
  const columns = ["c.name", "c.dimension", "c.metric", "c.created_at"];
  const query = database("studio_collections as c")
    .leftJoin("studio_vectors as v", "v.collection", "c.name")
    .groupBy(columns)
    .orderBy("c.name")
    .select(columns)
    .count("v.id as items");
  const rows = await (name === undefined ? query : query.where("c.name", name));
  return (rows as unknown as (StoredRow & { items: number | string })[]).map((row) => ({
    name: row.name,
    dimension: row.dimension,
    metric: row.metric,
    createdAt: row.created_at,
    items: Number(row.items),
  }));
}

/**
 * Begins a change of the collection's items, as the first statement of its transaction: it holds
 * the collection's row, so that changes are numbered in the order in which they are committed.
 * @returns the number of the change
 * @throws VectorError `vector.collection.missing` also when it was replaced by another kind
 */
export async function beginChange(
  transaction: Knex,
  { name, dimension, metric }: Pick<CollectionRow, "name" | "dimension" | "metric">,
): Promise<number> {
  const held = await transaction("studio_collections")
    .where({ name, dimension, metric })
    .update({ sequence: transaction.raw("sequence + 1") });
  if (held === 0) throw collectionMissing(name);
  const { revision: before, sequenced, epoch, sequence } = await readCollection(transaction, name);
  const revision = randomUUID();
  // A release that does not number its changes was here: numbers alone would hide what it wrote.
  const isUnbroken = before === sequenced;
  await transaction("studio_collections")
    .where({ name })
    .update({ revision, sequenced: revision, epoch: isUnbroken ? epoch : randomUUID() });
  return sequence;
}
