import { createHash } from "node:crypto";
import type { Knex } from "knex";
import type { Dialect } from "../database/address.ts";

type Row = Record<string, unknown>;

/**
 * SHA-256 of what a database is made of, as its own catalogue says it: another one after every
 * statement that changed a definition, the same one after a statement that took no effect.
 */
export async function schemaFingerprint(session: Knex, dialect: Dialect): Promise<string> {
  const hash = createHash("sha256");
  for await (const rows of catalogues[dialect](session)) {
    hash.update(`${JSON.stringify(rows)}\n`);
  }
  return hash.digest("hex");
}

const catalogues: Record<Dialect, (session: Knex) => AsyncGenerator<Row[]>> = {
  async *sqlite(session) {
    yield await session.raw<Row[]>(
      "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name",
    );
  },
  async *postgres(session) {
    for (const query of postgresQueries) {
      const { rows } = await session.raw<{ rows: Row[] }>(query);
      yield rows;
    }
  },
  async *mysql(session) {
    for (const query of mysqlQueries) {
      const [rows] = await session.raw<[Row[]]>(query);
      yield rows ?? [];
    }
  },
};

const userNamespaces = `
  SELECT oid FROM pg_namespace
  WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'`;

/** A concurrent rebuild gives an index another oid, an interrupted one leaves one that is not valid. */
const postgresQueries = [
  `SELECT oid, relname, relkind, relpersistence, reloptions, relispartition FROM pg_class
   WHERE relnamespace IN (${userNamespaces}) ORDER BY oid`,
  `SELECT attrelid, attnum, attname, atttypid, atttypmod, attnotnull, attisdropped,
     pg_get_expr(d.adbin, d.adrelid) AS value
   FROM pg_attribute LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
   WHERE attnum > 0
     AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace IN (${userNamespaces}))
   ORDER BY attrelid, attnum`,
  "SELECT indexrelid, indisvalid, indisready, indisunique FROM pg_index ORDER BY indexrelid",
  `SELECT oid, conname, convalidated, pg_get_constraintdef(oid) AS definition FROM pg_constraint
   WHERE connamespace IN (${userNamespaces}) ORDER BY oid`,
  "SELECT inhrelid, inhparent FROM pg_inherits ORDER BY inhrelid, inhparent",
  "SELECT oid, enumtypid, enumlabel, enumsortorder::text FROM pg_enum ORDER BY oid",
  `SELECT oid, proname, md5(prosrc) AS body FROM pg_proc
   WHERE pronamespace IN (${userNamespaces}) ORDER BY oid`,
  "SELECT oid, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY oid",
  "SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)' ORDER BY oid",
  "SELECT oid, extname, extversion FROM pg_extension ORDER BY oid",
  "SELECT oid, datname FROM pg_database ORDER BY oid",
];

const mysqlQueries = [
  `SELECT table_name, table_type, engine, table_collation, create_options, table_comment
   FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name`,
  `SELECT table_name, ordinal_position, column_name, column_type, is_nullable, column_default,
     extra, collation_name, column_comment, generation_expression
   FROM information_schema.columns WHERE table_schema = DATABASE()
   ORDER BY table_name, ordinal_position`,
  `SELECT table_name, index_name, non_unique, seq_in_index, column_name, sub_part, index_type
   FROM information_schema.statistics WHERE table_schema = DATABASE()
   ORDER BY table_name, index_name, seq_in_index`,
  `SELECT constraint_name, table_name, constraint_type FROM information_schema.table_constraints
   WHERE constraint_schema = DATABASE() ORDER BY table_name, constraint_name`,
  `SELECT constraint_name, table_name, update_rule, delete_rule, referenced_table_name
   FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE()
   ORDER BY table_name, constraint_name`,
  `SELECT constraint_name, check_clause FROM information_schema.check_constraints
   WHERE constraint_schema = DATABASE() ORDER BY constraint_name, check_clause`,
  `SELECT table_name, MD5(view_definition) AS body FROM information_schema.views
   WHERE table_schema = DATABASE() ORDER BY table_name`,
  `SELECT trigger_name, event_object_table, MD5(action_statement) AS body
   FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY trigger_name`,
  `SELECT routine_name, routine_type, MD5(routine_definition) AS body
   FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY routine_name, routine_type`,
];
