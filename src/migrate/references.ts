import type { Knex } from "knex";

/** How many rows of a table refer to a row that does not exist: `orders -> users` to 2. */
export type BrokenReferences = Map<string, number>;

/**
 * Finds the references of a SQLite database that lead nowhere; they are not enforced while a
 * migration runs. https://sqlite.org/pragma.html#pragma_foreign_key_check
 * @returns null where SQLite cannot tell, because a key refers to a column that is not unique
 */
export async function brokenReferences(session: Knex): Promise<BrokenReferences | null> {
  try {
    return await count(session);
  } catch {
    return null;
  }
}

/** Fails when there are more broken references than `before`. */
export async function newlyBroken(
  transaction: Knex.Transaction,
  before: BrokenReferences,
): Promise<void> {
  for (const [reference, rows] of await count(transaction)) {
    const more = rows - (before.get(reference) ?? 0);
    if (more > 0) {
      throw new Error(
        `it would leave ${more} ${more === 1 ? "row" : "rows"} with a foreign key that leads nowhere (${reference})`,
      );
    }
  }
}

async function count(session: Knex): Promise<BrokenReferences> {
  const rows = await session.raw<{ table: string; parent: string }[]>("PRAGMA foreign_key_check");
  const counts: BrokenReferences = new Map();
  for (const { table, parent } of rows) {
    const reference = `${table} -> ${parent}`;
    counts.set(reference, (counts.get(reference) ?? 0) + 1);
  }
  return counts;
}
