const aliases: Record<string, string> = {
  integer: "int",
  int4: "int",
  int8: "bigint",
  int2: "smallint",
  int1: "tinyint",
  int3: "mediumint",
  middleint: "mediumint",
  dec: "decimal",
  numeric: "decimal",
  fixed: "decimal",
  "double precision": "double",
  real: "double",
  float8: "double",
  float4: "float",
  character: "char",
  nchar: "char",
  "national char": "char",
  "character varying": "varchar",
  "char varying": "varchar",
  nvarchar: "varchar",
  "national varchar": "varchar",
  "long varchar": "mediumtext",
  long: "mediumtext",
};

/** What the server makes of a type without a size. */
const sizes: Record<string, string> = {
  decimal: "(10,0)",
  char: "(1)",
  binary: "(1)",
  bit: "(1)",
};

const whole = /^(tinyint|smallint|mediumint|int|bigint)$/;

/**
 * A type as MySQL 8 prints it: without the display width of whole numbers, which MariaDB prints
 * and MySQL 8 does not, but for `tinyint(1)`, which stands for a truth value.
 */
export function mysqlType(written: string): string {
  const text = lowerOutsideQuotes(written.trim()).replace(/\s+/g, " ");
  const match = /^([a-z0-9_ ]+?)\s*(?:\(([^]*)\))?((?: (?:unsigned|signed|zerofill))*)$/.exec(text);
  if (match === null) return text;
  const [, name = "", inner = "", attributes = ""] = match;
  if (name === "bool" || name === "boolean") return "tinyint(1)";
  const base = aliases[name] ?? name;
  const signs = attributes.replace(" signed", "");
  if (whole.test(base) && !signs.includes("zerofill")) {
    return `${base}${base === "tinyint" && inner === "1" && signs === "" ? "(1)" : ""}${signs}`;
  }
  if (base === "year") return "year";
  const size = inner === "" ? (sizes[base] ?? "") : sized(base, inner);
  return `${base}${size}${signs}`;
}

function sized(base: string, inner: string): string {
  if (base === "decimal" && /^\d+$/.test(inner.trim())) return `(${inner.trim()},0)`;
  const tight = inner.replace(/'(?:[^']|'')*'|\s*,\s*/g, (part) =>
    part.startsWith("'") ? part : ",",
  );
  return `(${tight.trim()})`;
}

function lowerOutsideQuotes(text: string): string {
  return text.replace(/'(?:[^']|'')*'|[^']+/g, (part) =>
    part.startsWith("'") ? part : part.toLowerCase(),
  );
}
