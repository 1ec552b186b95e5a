import type { Knex } from "knex";
import { VectorError } from "../vector-error.ts";
import { type CollectionRow, beginChange } from "./collections.ts";

/** Rows of one insert: knex writes them as one compound SELECT, of which SQLite allows 500. */
const rowsPerStatement = 250;

/** Deletions are remembered for as many changes; a copy that is older is made anew. */
const rememberedChanges = 10_000;

/** They are forgotten in groups: once in so many changes. */
const forgetEvery = 100;

export interface ItemRow {
  id: string;
  embedding: Buffer;
  metadata: string;
  createdAt: string;
}

/**
 * Adds or replaces items in a transaction.
 * @param mayReplace false: an id that exists is refused
 * @throws VectorError `vector.collection.missing`, `vector.item.exists`
 */
export async function writeItems(
  transaction: Knex,
  collection: CollectionRow,
  items: readonly ItemRow[],
  mayReplace: boolean,
): Promise<void> {
  const sequence = await beginChange(transaction, collection);
  for (const part of inParts(items)) {
    if (!mayReplace) await refuseExisting(transaction, collection.name, part);
    await transaction("studio_vectors")
      .insert(
        part.map(({ createdAt, ...item }) => ({
          ...item,
          collection: collection.name,
          created_at: createdAt,
          sequence,
        })),
      )
      .onConflict(["collection", "id"])
      .merge();
  }
}

async function refuseExisting(
  transaction: Knex,
  collection: string,
  items: readonly ItemRow[],
): Promise<void> {
  const ids = items.map(({ id }) => id);
  const row = await transaction<{ collection: string; id: string }>("studio_vectors")
    .where({ collection })
    .whereIn("id", ids)
    .first("id");
  if (row === undefined) return;
  throw new VectorError(
    "vector.item.exists",
    `The collection "${collection}" has an item "${row.id}" already; nothing was added.`,
    'Send "mode": "upsert" to replace it.',
  );
}

/**
 * Deletes items in a transaction; ids that do not exist are passed over.
 * @returns the ids that existed
 */
export async function deleteItems(
  transaction: Knex,
  collection: CollectionRow,
  ids: readonly string[],
): Promise<string[]> {
  const { name } = collection;
  const sequence = await beginChange(transaction, collection);
  const deleted: string[] = [];
  for (const part of inParts(ids)) {
    const items = () => transaction("studio_vectors").where({ collection: name });
    const present = await items().whereIn("id", part).select<{ id: string }[]>("id");
    if (present.length === 0) continue;
    const found = present.map(({ id }) => id);
    await items().whereIn("id", found).delete();
    await transaction("studio_vector_deletions")
      .insert(found.map((id) => ({ collection: name, id, sequence })))
      .onConflict(["collection", "id"])
      .merge();
    deleted.push(...found);
  }
  if (sequence % forgetEvery === 0) await forgetDeletions(transaction, name, sequence);
  return deleted;
}

async function forgetDeletions(transaction: Knex, name: string, sequence: number): Promise<void> {
  const keptFrom = sequence - rememberedChanges;
  if (keptFrom <= 0) return;
  await transaction("studio_collections").where({ name }).update({ kept_from: keptFrom });
  await transaction("studio_vector_deletions")
    .where({ collection: name })
    .where("sequence", "<=", keptFrom)
    .delete();
}

function inParts<T>(list: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < list.length; start += rowsPerStatement) {
    parts.push(list.slice(start, start + rowsPerStatement));
  }
  return parts;
}
