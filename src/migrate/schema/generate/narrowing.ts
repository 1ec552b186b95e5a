import type { Dialect } from "../../../database/address.ts";

/** Whether values may be lost where a column's type changes; what is not known may lose some. */
export function mayLose(before: string, after: string, dialect: Dialect): boolean {
  if (before === after) return false;
  if (dialect === "postgres") return !keepsPostgres(before, after);
  return dialect === "mysql" ? !keepsMysql(before, after) : !keepsSqlite(before, after);
}

interface TypeParts {
  base: string;
  /** `10`, `10,2`, `'a','b'`. */
  modifier: string;
  unsigned: boolean;
}

function partsOf(type: string): TypeParts {
  const [, base = type, modifier = "", rest = ""] = /^([^(]*)(?:\(([^]*)\))?(.*)$/.exec(type) ?? [];
  const words = `${base.trim()}${rest}`;
  return {
    base: words.replace(/ (unsigned|zerofill)/g, ""),
    modifier,
    unsigned: / unsigned/.test(words),
  };
}

/** Each holds all values of those before it. */
const postgresWhole = ["smallint", "integer", "bigint"];

function keepsPostgres(before: string, after: string): boolean {
  const [one, other] = [partsOf(before), partsOf(after)];
  const wholes = [one, other].map(({ base }) => postgresWhole.indexOf(base));
  const [from = -1, to = -1] = wholes;
  if (from !== -1 && to !== -1) return from <= to;
  if (from !== -1 && other.base === "numeric") {
    return numericHolds(other.modifier, [5, 10, 19][from] ?? 19, 0);
  }
  if (before === "real" && after === "double precision") return true;
  const isText = (base: string) => /^(character varying|text|character)$/.test(base);
  // The text of any value is a value of the type text.
  if (after === "text" || after === "character varying") return before !== "bytea";
  if (isText(one.base) && other.base === "character varying") return sizeHolds(one, other);
  if (one.base === "character" && other.base === "character") return sizeHolds(one, other);
  if (one.base !== other.base) return before === "date" && after.startsWith("timestamp");
  if (one.base === "numeric") {
    const [digits = 0, scale = 0] = one.modifier.split(",").map(Number);
    return (
      other.modifier === "" || (one.modifier !== "" && numericHolds(other.modifier, digits, scale))
    );
  }
  return other.modifier === "" || (one.modifier !== "" && sizeHolds(one, other));
}

/** Whether `numeric(p,s)` has enough digits before and after the point. */
function numericHolds(modifier: string, digits: number, scale: number): boolean {
  if (modifier === "") return true;
  const [most = 0, after = 0] = modifier.split(",").map(Number);
  return after >= scale && most - after >= digits - scale;
}

function sizeHolds(one: TypeParts, other: TypeParts): boolean {
  if (other.modifier === "") return true;
  return one.modifier !== "" && Number(one.modifier) <= Number(other.modifier);
}

const mysqlWhole = ["tinyint", "smallint", "mediumint", "int", "bigint"];

/** In bytes; a character may take four. */
const mysqlTexts: Record<string, number> = {
  tinytext: 255,
  text: 65_535,
  mediumtext: 16_777_215,
  longtext: 4_294_967_295,
};

function keepsMysql(before: string, after: string): boolean {
  const [one, other] = [partsOf(before), partsOf(after)];
  const [from, to] = [mysqlWhole.indexOf(one.base), mysqlWhole.indexOf(other.base)];
  if (from !== -1 && to !== -1) {
    if (one.unsigned === other.unsigned) return from <= to;
    return one.unsigned && from < to;
  }
  if (one.base === "float" && after === "double") return true;
  if (one.base === "decimal" && other.base === "decimal" && one.unsigned === other.unsigned) {
    const [digits = 0, scale = 0] = one.modifier.split(",").map(Number);
    return numericHolds(other.modifier, digits, scale);
  }
  if (one.base === "enum" && other.base === "enum") return other.modifier.startsWith(one.modifier);
  const bytes = one.base.endsWith("char") ? Number(one.modifier) * 4 : mysqlTexts[one.base];
  const room = mysqlTexts[other.base];
  if (bytes !== undefined && room !== undefined) return bytes <= room;
  if (/^(var)?char$/.test(one.base) && other.base === "varchar") return sizeHolds(one, other);
  if (/^(var)?binary$/.test(one.base) && other.base === "varbinary") return sizeHolds(one, other);
  if (one.base !== other.base) return before === "date" && other.base === "datetime";
  if (/^(char|bit|datetime|timestamp|time)$/.test(one.base)) {
    return Number(one.modifier) <= Number(other.modifier);
  }
  return false;
}

/** https://sqlite.org/datatype3.html#determination_of_column_affinity */
function affinity(type: string): string {
  if (/int/.test(type)) return "integer";
  if (/char|clob|text/.test(type)) return "text";
  if (/blob/.test(type) || type === "") return "blob";
  return /real|floa|doub/.test(type) ? "real" : "numeric";
}

function keepsSqlite(before: string, after: string): boolean {
  const [one, other] = [affinity(before), affinity(after)];
  return one === other || other === "blob" || (one === "integer" && other === "numeric");
}
