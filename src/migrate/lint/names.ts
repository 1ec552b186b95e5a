import type { Dialect } from "../../database/address.ts";

/** Words that often name a table or a column and cannot stand in SQL without quotes. */
const reserved = new Set(
  (
    "all and any as asc by case check column columns constraint create default delete desc " +
    "distinct drop else end for foreign from grant group groups having in index insert into is " +
    "join key keys like limit not null offset on option or order primary rank read references " +
    "row rows select set system table then to trigger union unique update usage user using " +
    "values when where with write"
  ).split(" "),
);

/**
 * A name as it stands in SQL: `orders`, `audit.orders`, `"Order"`. The schema that is meant where
 * none is named (`public`, `main`) is left out.
 */
export function writeName(dialect: Dialect, parts: readonly (string | undefined)[]): string {
  const given = parts.filter((part) => part !== undefined && part !== "");
  const standard = { postgres: "public", sqlite: "main", mysql: "" }[dialect];
  const kept = given.length > 1 && given[0] === standard ? given.slice(1) : given;
  return kept.map((part) => writePart(dialect, part ?? "")).join(".");
}

function writePart(dialect: Dialect, part: string): string {
  const plain = dialect === "postgres" ? /^[a-z_][a-z0-9_]*$/ : /^[a-z_][a-z0-9_]*$/i;
  if (plain.test(part) && !reserved.has(part.toLowerCase())) return part;
  const quote = dialect === "mysql" ? "`" : '"';
  return `${quote}${part.replaceAll(quote, quote + quote)}${quote}`;
}

/** What two names have in common that mean the same thing. */
export function nameKey(dialect: Dialect, name: string): string {
  return dialect === "postgres" ? name : name.toLowerCase();
}

/** A name for something new, made from others: `users_email_key`. */
export function joinNames(...names: string[]): string {
  return names
    .map((name) => name.split(".").at(-1) ?? name)
    .join("_")
    .replaceAll(/[^A-Za-z0-9_]/g, "");
}
