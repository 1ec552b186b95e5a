import type { Knex } from "knex";

/** A release that does not know this table works beside it. */
export const compatible = true;

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable("studio_api_keys", (table) => {
    table.string("id", 16).primary();
    table.string("name", 100).notNullable();
    table.string("role", 16).notNullable();
    // SHA-256 of the whole key, in hexadecimal; the key itself is kept nowhere.
    table.string("hash", 64).notNullable();
    table.string("created_at", 24).notNullable();
    table.string("last_used_at", 24);
    table.string("expires_at", 24);
    table.string("revoked_at", 24);
    // The key that this one was made to take the place of.
    table.string("replaces", 16);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable("studio_api_keys");
}
