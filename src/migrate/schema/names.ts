import type { Dialect } from "../../database/address.ts";
import { reservedWords } from "./reserved.ts";

/** A name as SQL, in quotes where it needs them. */
export function quoteName(name: string, dialect: Dialect): string {
  const plain = dialect === "postgres" ? /^[a-z_][a-z0-9_]*$/ : /^[A-Za-z_][A-Za-z0-9_]*$/;
  if (plain.test(name) && !reservedWords.has(name.toLowerCase())) return name;
  if (dialect === "mysql") return `\`${name.replaceAll("`", "``")}\``;
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteNames(names: readonly string[], dialect: Dialect): string {
  return names.map((name) => quoteName(name, dialect)).join(", ");
}

/** The name of a table, type, function … as SQL: on PostgreSQL it may begin with a schema. */
export function quoteQualified(name: string, dialect: Dialect): string {
  if (dialect !== "postgres") return quoteName(name, dialect);
  return splitName(name)
    .map((part) => quoteName(part, dialect))
    .join(".");
}

/** Parts as one name: `audit.events`; a part with a dot or a quote is quoted. */
export function joinName(...parts: readonly (string | null)[]): string {
  return parts
    .filter((part) => part !== null)
    .map((part) => (/[."]/.test(part) ? `"${part.replaceAll('"', '""')}"` : part))
    .join(".");
}

/** The reverse of `joinName`. */
export function splitName(name: string): string[] {
  const parts = name.match(/"(?:[^"]|"")*"|[^."]+/g) ?? [name];
  return parts.map((part) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part,
  );
}

/** The schema of a PostgreSQL name; null for the first one. */
export function schemaOf(name: string): string | null {
  const parts = splitName(name);
  return parts.length > 1 ? (parts[0] ?? null) : null;
}

/** A name without its schema. */
export function lastPart(name: string, dialect: Dialect): string {
  return dialect === "postgres" ? (splitName(name).at(-1) ?? name) : name;
}

/** A name in the schema of another. */
export function besideName(name: string, other: string, dialect: Dialect): string {
  return dialect === "postgres" ? joinName(schemaOf(other), name) : name;
}

/** The length of a PostgreSQL name, in bytes. */
const longest = 63;

/**
 * The name that PostgreSQL gives what has none, `users_email_key`: both parts are shortened, the
 * longer one first (`makeObjectName`, src/backend/commands/indexcmds.c).
 */
export function usualName(table: string, columns: readonly string[], label: string): string {
  let one = table;
  let other = columns.join("_");
  const room = longest - label.length - 1 - (other === "" ? 0 : 1);
  while (bytes(one) + bytes(other) > room) {
    if (bytes(one) > bytes(other)) one = shorter(one);
    else other = shorter(other);
  }
  return [one, ...(other === "" ? [] : [other]), label].join("_");
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}

function shorter(text: string): string {
  return Array.from(text).slice(0, -1).join("");
}

/** Names that are studio's own are no part of a schema. */
export function isOwnName(name: string): boolean {
  return name.toLowerCase().startsWith("studio_");
}
