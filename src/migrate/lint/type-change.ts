import type { Dialect } from "../../database/address.ts";
import type { ColumnType } from "./column.ts";

export interface TypeChange {
  /** The statements of a release go on as before: each value that it knows still fits. */
  isCompatible: boolean;
  /** Every row is written anew, or looked at. */
  rewrites: boolean;
}

const safe: TypeChange = { isCompatible: true, rewrites: false };
const unsafe: TypeChange = { isCompatible: false, rewrites: true };

/** Judges a change of a column's type, by the documentation of ALTER TABLE of each database. */
export function judgeTypeChange(dialect: Dialect, from: ColumnType, to: ColumnType): TypeChange {
  if (JSON.stringify(from) === JSON.stringify(to)) return safe;
  if (from.array || to.array) return unsafe;
  return dialect === "mysql" ? judgeForMysql(from, to) : judgeForPostgres(from, to);
}

/** With a number in parentheses, which may grow or go. */
const growing = new Set(["varchar", "varbit", "timestamp", "timestamptz", "time", "timetz"]);

function judgeForPostgres(from: ColumnType, to: ColumnType): TypeChange {
  const [size = Infinity, scale = 0] = to.arguments.map(Number);
  const [formerSize = Infinity, formerScale = 0] = from.arguments.map(Number);
  const hasText = (type: ColumnType): boolean => type.name === "varchar" || type.name === "text";
  if (hasText(from) && hasText(to) && size >= formerSize) return safe;
  if (from.name === "cidr" && to.name === "inet") return safe;
  if (from.name !== to.name || size < formerSize) return unsafe;
  if (growing.has(from.name)) return safe;
  const keepsScale = size === Infinity || scale === formerScale;
  return from.name === "numeric" && keepsScale ? safe : unsafe;
}

const integers = ["tinyint", "smallint", "mediumint", "int", "bigint"];

function judgeForMysql(from: ColumnType, to: ColumnType): TypeChange {
  if (from.unsigned !== to.unsigned) return unsafe;
  const rank = integers.indexOf(to.name) - integers.indexOf(from.name);
  if (integers.includes(from.name) && integers.includes(to.name) && rank > 0) {
    return { isCompatible: true, rewrites: true };
  }
  if (from.name !== to.name) return unsafe;
  if (from.name === "varchar" || from.name === "varbinary") return judgeLength(from, to);
  const isAppended = from.arguments.every((value, index) => value === to.arguments[index]);
  return (from.name === "enum" || from.name === "set") && isAppended ? safe : unsafe;
}

/**
 * A length is kept in one byte up to 255 bytes and in two above, and a character takes one to four
 * bytes: where the border may be crossed, InnoDB writes the table anew.
 */
function judgeLength(from: ColumnType, to: ColumnType): TypeChange {
  const formerLength = Number(from.arguments[0]);
  const length = Number(to.arguments[0]);
  if (!(length >= formerLength)) return unsafe;
  const mayCross = formerLength <= 255 && length > 63;
  return { isCompatible: true, rewrites: mayCross };
}
