/** How people write a type, and what the server makes of it. */
const aliases: Record<string, string> = {
  int: "integer",
  int4: "integer",
  int8: "bigint",
  int2: "smallint",
  bool: "boolean",
  varchar: "character varying",
  char: "character",
  nchar: "character",
  "national character": "character",
  "national char": "character",
  "char varying": "character varying",
  decimal: "numeric",
  dec: "numeric",
  float4: "real",
  float8: "double precision",
  float: "double precision",
  double: "double precision",
  varbit: "bit varying",
  timestamptz: "timestamp with time zone",
  timestamp: "timestamp without time zone",
  timetz: "time with time zone",
  time: "time without time zone",
};

const serials: Record<string, string> = {
  serial: "integer",
  serial4: "integer",
  bigserial: "bigint",
  serial8: "bigint",
  smallserial: "smallint",
  serial2: "smallint",
};

/** The integer type of `serial` and its like; null for other types. */
export function serialType(type: string): string | null {
  return serials[type.toLowerCase()] ?? null;
}

/**
 * A type as `format_type` prints it: `varchar(20)[]` is `character varying(20)[]`. What is not
 * known is left as it is, in lower case outside quotes.
 */
export function postgresType(written: string): string {
  const text = lowerOutsideQuotes(written.trim()).replace(/\s+/g, " ");
  const [, base = "", sizes = ""] =
    /^(.*?)((?:\s*\[\d*\])+|\s+array(?:\s*\[\d*\])?)?$/.exec(text) ?? [];
  const dimensions = sizes === "" ? 0 : Math.max(1, sizes.split("[").length - 1);
  return elementType(base.trim()) + "[]".repeat(Math.min(dimensions, 1));
}

function elementType(text: string): string {
  const match = /^([^"(]+?)\s*(?:\(\s*([^)]*?)\s*\))?(\s+(?:with|without) time zone)?$/.exec(text);
  if (match === null) return text;
  const [, name = "", written = "", zone = ""] = match;
  const modifier = written.replace(/\s*,\s*/g, ",");
  if (zone !== "") return `${name}${inParentheses(modifier)}${zone}`;
  const base = aliases[name] ?? name;
  if (name === "float" && modifier !== "") {
    return Number(modifier) <= 24 ? "real" : "double precision";
  }
  const timed = /^(timestamp|time) (.*)$/.exec(base);
  if (timed !== null) return `${timed[1]}${inParentheses(modifier)} ${timed[2]}`;
  if ((base === "character" || base === "bit") && modifier === "") return `${base}(1)`;
  if (base === "numeric" && /^\d+$/.test(modifier)) return `numeric(${modifier},0)`;
  return `${base}${inParentheses(modifier)}`;
}

function inParentheses(modifier: string): string {
  return modifier === "" ? "" : `(${modifier})`;
}

function lowerOutsideQuotes(text: string): string {
  return text.replace(/"(?:[^"]|"")*"|[^"]+/g, (part) =>
    part.startsWith('"') ? part : part.toLowerCase(),
  );
}
