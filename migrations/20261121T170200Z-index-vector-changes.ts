import type { Knex } from "knex";

/** An index more: the release before does not notice. */
export const compatible = true;

/** PostgreSQL builds an index beside the writers only outside of a transaction. */
export const transaction = false;

const columns = ["collection", "sequence"];
const name = "studio_vectors_sequence";

export async function up(knex: Knex): Promise<void> {
  if ((knex.client as { dialect: string }).dialect === "postgresql") {
    await knex.raw(`CREATE INDEX CONCURRENTLY ${name} ON studio_vectors (collection, sequence)`);
    return;
  }
  await knex.schema.alterTable("studio_vectors", (table) => {
    table.index(columns, name);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable("studio_vectors", (table) => {
    table.dropIndex(columns, name);
  });
}
