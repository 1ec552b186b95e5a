import { randomUUID } from "node:crypto";
import { encodeEmbedding, readVector } from "./stored/embedding.ts";
import type { CollectionRow } from "./stored/collections.ts";
import type { ItemRow } from "./stored/items.ts";
import { VectorError } from "./vector-error.ts";

export interface Item {
  /** Without one, a new id is made. */
  id?: string | undefined;
  vector: ArrayLike<number>;
  metadata?: Record<string, unknown> | undefined;
}

/** Longest id in UTF-16 code units; most characters of metadata as JSON; levels of its nesting. */
const most = { id: 256, metadata: 16_384, depth: 16 };

/** What is stored of the items of one call. @throws VectorError `vector.input` */
export function checkItems(
  items: readonly Item[],
  collection: CollectionRow,
  createdAt: string,
): ItemRow[] {
  const rows = items.map((item, index) => ({
    id: item.id === undefined ? randomUUID() : checkId(item.id, `item ${index}`),
    embedding: encodeEmbedding(readVector(item.vector, collection, `item ${index}`)),
    metadata: checkMetadata(item.metadata ?? {}, index),
    createdAt,
  }));
  if (new Set(rows.map(({ id }) => id)).size < rows.length) {
    throw new VectorError("vector.input", "Two of the items have the same id.");
  }
  return rows;
}

/** An id that every database keeps as it is and tells from all others. */
function checkId(id: string, what: string): string {
  const isUsable =
    id.length > 0 &&
    id.length <= most.id &&
    id.isWellFormed() &&
    // Control characters, and white space that databases ignore at the end.
    !/\p{Cc}/u.test(id) &&
    id.trim() === id;
  if (isUsable) return id;
  throw new VectorError(
    "vector.input",
    `The id of ${what} is no text of 1 to ${most.id} characters without control characters and without white space at either end.`,
  );
}

function checkMetadata(metadata: Record<string, unknown>, index: number): string {
  if (isDeeper(metadata, most.depth)) {
    throw new VectorError(
      "vector.input",
      `The metadata of item ${index} is nested more than ${most.depth} levels deep.`,
    );
  }
  const text = JSON.stringify(metadata);
  if (text.length <= most.metadata) return text;
  throw new VectorError(
    "vector.input",
    `The metadata of item ${index} has ${text.length} characters as JSON; ${most.metadata} are allowed.`,
  );
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
