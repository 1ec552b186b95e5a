import type { Knex } from "knex";

/** A table that the release before does not know. */
export const compatible = true;

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable("studio_vector_deletions", (table) => {
    if ((knex.client as { dialect: string }).dialect === "mysql") {
      // As the names that it refers to.
      table.charset("utf8mb4");
      table.collate("utf8mb4_bin");
    }
    table.string("collection", 64).notNullable();
    table.string("id", 256).notNullable();
    // The number of the change.
    table.bigInteger("sequence").notNullable();
    table.primary(["collection", "id"]);
    table.index(["collection", "sequence"], "studio_vector_deletions_sequence");
    table
      .foreign("collection")
      .references("name")
      .inTable("studio_collections")
      .onDelete("CASCADE");
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable("studio_vector_deletions");
}
