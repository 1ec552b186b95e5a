import { createHash } from "node:crypto";
import type { Knex } from "knex";
import type { Dialect } from "../database/address.ts";
import { readSchema } from "./schema/read.ts";
import { formatSchema } from "./schema/text.ts";

/** SHA-256 of the whole schema in words: tells whether a statement has changed it. */
export async function schemaFingerprint(session: Knex, dialect: Dialect): Promise<string> {
  const text = formatSchema(await readSchema(session, dialect));
  return createHash("sha256").update(text).digest("hex");
}
