import type { Knex } from "knex";
import { type Schema, emptySchema } from "../model.ts";
export async function readMysql(_session: Knex): Promise<Schema> {
  return emptySchema("mysql");
}
