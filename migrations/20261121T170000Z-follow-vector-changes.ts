import type { Knex } from "knex";

/** The release before reads and writes none of this, and what it writes is recognised. */
export const compatible = true;

export async function up(knex: Knex): Promise<void> {
  if (isMysql(knex)) await compareByBytes(knex);
  await knex.schema.alterTable("studio_collections", (table) => {
    // Counts the changes; each gives its number to the items it wrote.
    table.bigInteger("sequence").notNullable().defaultTo(0);
    // The revision as of the last change that was numbered: another one means changes that were not.
    table.string("sequenced", 36).notNullable().defaultTo("");
    // Changes when the numbers do not tell everything, so that copies are made anew.
    table.string("epoch", 36).notNullable().defaultTo("");
    // Deletions before this number are forgotten.
    table.bigInteger("kept_from").notNullable().defaultTo(0);
  });
  await knex.schema.alterTable("studio_vectors", (table) => {
    table.bigInteger("sequence").notNullable().defaultTo(0);
    table.index(["collection", "sequence"], "studio_vectors_sequence");
  });
  await knex.schema.createTable("studio_vector_deletions", (table) => {
    if (isMysql(knex)) {
      table.charset("utf8mb4");
      table.collate("utf8mb4_bin");
    }
    table.string("collection", 64).notNullable();
    table.string("id", 256).notNullable();
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
  await knex.schema.alterTable("studio_vectors", (table) => {
    table.dropIndex(["collection", "sequence"], "studio_vectors_sequence");
    table.dropColumn("sequence");
  });
  await knex.schema.alterTable("studio_collections", (table) => {
    table.dropColumns("sequence", "sequenced", "epoch", "kept_from");
  });
}

/** Otherwise the server takes "a" and "A" for the same id, and may not keep every character. */
async function compareByBytes(knex: Knex): Promise<void> {
  await knex.schema.alterTable("studio_vectors", (table) => {
    table.dropForeign("collection");
  });
  for (const table of ["studio_collections", "studio_vectors"]) {
    await knex.raw("ALTER TABLE ?? CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", [table]);
  }
  await knex.schema.alterTable("studio_vectors", (table) => {
    table
      .foreign("collection")
      .references("name")
      .inTable("studio_collections")
      .onDelete("CASCADE");
  });
}

function isMysql(knex: Knex): boolean {
  return (knex.client as { dialect: string }).dialect === "mysql";
}
