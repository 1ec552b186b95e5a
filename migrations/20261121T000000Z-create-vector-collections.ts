import type { Knex } from "knex";

/** A release that does not know these tables works beside them. */
export const compatible = true;

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable("studio_collections", (table) => {
    table.string("name", 64).primary();
    table.integer("dimension").notNullable();
    table.string("metric", 16).notNullable();
    // A new random value with every change: what a daemon compares before it trusts its copy.
    table.string("revision", 36).notNullable();
    table.string("created_at", 24).notNullable();
  });
  await knex.schema.createTable("studio_vectors", (table) => {
    table.string("collection", 64).notNullable();
    table.string("id", 256).notNullable();
    // float32, little-endian, without a header: 4 bytes for each dimension.
    table.binary("embedding").notNullable();
    table.text("metadata").notNullable();
    table.string("created_at", 24).notNullable();
    table.primary(["collection", "id"]);
    table
      .foreign("collection")
      .references("name")
      .inTable("studio_collections")
      .onDelete("CASCADE");
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable("studio_vectors");
  await knex.schema.dropTable("studio_collections");
}
