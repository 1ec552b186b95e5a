import type { Knex } from "knex";
import * as create from "../../migrations/20261121T000000Z-create-vector-collections.ts";
import * as follow from "../../migrations/20261121T170000Z-follow-vector-changes.ts";
import * as compare from "../../migrations/20261121T170100Z-compare-vector-ids-by-bytes.ts";
import * as remember from "../../migrations/20261121T170110Z-remember-vector-deletions.ts";
import * as index from "../../migrations/20261121T170200Z-index-vector-changes.ts";

const later = [follow, compare, remember, index];

/** Makes the tables for vectors. */
export async function createVectorTables(database: Knex): Promise<void> {
  await create.up(database);
  await followVectorChanges(database);
}

/** From the schema of the release that did not number changes to the present one. */
export async function followVectorChanges(database: Knex): Promise<void> {
  for (const { up } of later) await up(database);
}

export async function forgetVectorChanges(database: Knex): Promise<void> {
  for (const { down } of later.toReversed()) await down(database);
}

export async function dropVectorTables(database: Knex): Promise<void> {
  await create.down(database);
}
