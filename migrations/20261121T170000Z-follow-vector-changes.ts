import type { Knex } from "knex";

/** The release before reads and writes none of this, and what it writes is recognised. */
export const compatible = true;

export async function up(knex: Knex): Promise<void> {
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
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable("studio_vectors", (table) => {
    table.dropColumn("sequence");
  });
  await knex.schema.alterTable("studio_collections", (table) => {
    table.dropColumns("sequence", "sequenced", "epoch", "kept_from");
  });
}
