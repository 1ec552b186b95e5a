import type { Knex } from "knex";
import { generateMigration } from "./generate.ts";
import { type Schema, emptySchema } from "./model.ts";
import { readSchema } from "./read.ts";

/**
 * A declared schema as a server prints it: it is made in an empty database and read back. So
 * expressions, views and functions that are written in another way than the server's compare
 * as equal. What this form has no words for stays as it is declared.
 * @param scratch a session of an empty database of the same server version, which is filled
 */
export async function asServerPrints(scratch: Knex, declared: Schema): Promise<Schema> {
  const { dialect } = declared;
  const creation = generateMigration({ live: emptySchema(dialect), declared });
  const run = async (session: Knex) => {
    for (const { sql } of creation.files.flatMap(({ up }) => up)) {
      await session.raw(sql.replaceAll("?", "\\?"));
    }
  };
  // What a function's body uses may come later, which only a transaction can be told.
  await scratch.transaction(run);
  return { ...(await readSchema(scratch, dialect)), unmodelled: declared.unmodelled };
}
