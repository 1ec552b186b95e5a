import type { Knex } from "knex";
import type { StoredVector } from "./embedding.ts";

export interface StoredItem extends StoredVector {
  createdAt: string;
}

/** A numbered change of an item. */
export interface ChangedVector extends StoredVector {
  sequence: number;
}

/** Bytes of vectors that are read at once. */
const pageSize = 1024 * 1024;

/** Items of one page: few where they are large. */
export function itemsPerPage(dimension: number): number {
  return Math.max(16, Math.min(500, Math.floor(pageSize / (dimension * 4))));
}

/** The items after `after` in the order of the database. */
export async function readPage(
  database: Knex,
  collection: string,
  { after, limit }: { after: string | null; limit: number },
): Promise<StoredItem[]> {
  const query = database("studio_vectors")
    .where({ collection })
    .orderBy("id")
    .limit(limit)
    .select({ id: "id", embedding: "embedding", metadata: "metadata", createdAt: "created_at" });
  return (await (after === null ? query : query.where("id", ">", after))) as StoredItem[];
}

export async function readItem(
  database: Knex,
  collection: string,
  id: string,
): Promise<StoredItem | undefined> {
  const columns = {
    id: "id",
    embedding: "embedding",
    metadata: "metadata",
    createdAt: "created_at",
  };
  const rows = await database("studio_vectors").where({ collection, id }).select(columns);
  return (rows as StoredItem[])[0];
}

/** A place in the order of the changes. */
export interface ChangePlace {
  sequence: number;
  /** Null: after all items of that change. */
  id: string | null;
}

/** Items whose last change comes after the place, in the order of the changes. */
export async function readChanged(
  database: Knex,
  collection: string,
  { after, limit }: { after: ChangePlace; limit: number },
): Promise<ChangedVector[]> {
  const { sequence, id } = after;
  const rows = await database("studio_vectors")
    .where({ collection })
    .where((where) => {
      void where.where("sequence", ">", sequence);
      if (id === null) return;
      void where.orWhere((same) => {
        void same.where({ sequence }).where("id", ">", id);
      });
    })
    .orderBy(["sequence", "id"])
    .limit(limit)
    .select("id", "embedding", "metadata", "sequence");
  return (rows as (StoredVector & { sequence: number | string })[]).map((row) => ({
    ...row,
    sequence: Number(row.sequence),
  }));
}

/** Items that were deleted after the change of that number; some may exist again. */
export async function readDeleted(
  database: Knex,
  collection: string,
  sequence: number,
): Promise<{ id: string; sequence: number }[]> {
  const rows = await database("studio_vector_deletions")
    .where({ collection })
    .where("sequence", ">", sequence)
    .select("id", "sequence");
  return (rows as { id: string; sequence: number | string }[]).map((row) => ({
    id: row.id,
    sequence: Number(row.sequence),
  }));
}
