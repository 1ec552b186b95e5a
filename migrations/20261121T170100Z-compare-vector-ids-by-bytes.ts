import type { Knex } from "knex";

/** The release before finds what it wrote, and cannot take one id for another any more. */
export const compatible = true;

/**
 * MySQL copies the tables for it, and writers of vectors wait meanwhile. Nothing less than the new
 * collation keeps an item from replacing another whose id differs in case alone. Order of writes:
 * every release writes the collection before its items.
 */
export const allow = ["rewrite-table", "add-foreign-key", "enforce-foreign-key", "implicit-commit"];

/** The other databases compare by bytes already. */
export async function up(knex: Knex): Promise<void> {
  if ((knex.client as { dialect: string }).dialect !== "mysql") return;
  await knex.schema.alterTable("studio_vectors", (table) => {
    table.dropForeign("collection");
  });
  for (const name of ["studio_collections", "studio_vectors"]) {
    await knex.raw("ALTER TABLE ?? CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", [name]);
  }
  await knex.schema.alterTable("studio_vectors", (table) => {
    table
      .foreign("collection")
      .references("name")
      .inTable("studio_collections")
      .onDelete("CASCADE");
  });
}

/** Nothing: ids that were told apart may be there by now. */
export async function down(): Promise<void> {}
