import type { Dialect } from "../../../database/address.ts";
import { mysqlType } from "./mysql.ts";
import { postgresType } from "./postgres.ts";

/** A type as the server prints it, from one of the ways in which people write it. */
export function normaliseType(written: string, dialect: Dialect): string {
  if (dialect === "postgres") return postgresType(written);
  if (dialect === "mysql") return mysqlType(written);
  return sqliteType(written);
}

/** SQLite keeps a type as it was written and takes no notice of its case. */
function sqliteType(written: string): string {
  return written
    .trim()
    .toLowerCase()
    .replace(/\s+/g, " ")
    .replace(/ ?generated always$/, "")
    .replace(/\s*([(,)])\s*/g, "$1")
    .replace(/\)(?=\w)/g, ") ");
}

/** The types of several words, in which any other is a mistake. */
const severalWords: Record<Exclude<Dialect, "sqlite">, RegExp> = {
  postgres:
    /^(double precision|(character|bit) varying\b.*|(time|timestamp)(\(\d+\))? with(out)? time zone(\[\])?|interval .*)$/,
  mysql: /^\w+(\(.*\))?( unsigned)?( zerofill)?$/,
};

/** Whether a type can be one: SQLite takes anything, even nothing. */
export function isType(type: string, dialect: Dialect): boolean {
  if (dialect === "sqlite") return true;
  if (type === "") return false;
  return !/ /.test(type.replace(/\(.*\)|".*"/, "")) || severalWords[dialect].test(type);
}
