import { hash } from "node:crypto";

/**
 * The file of a table's rows: `public.accounts.dat`. Names with other characters than lower-case
 * letters, digits, `_` and `-` are made plain and told apart by a part of their hash, so that they
 * are distinct on every file system, and the same in every dump.
 * @param name the parts of the table's name, as schema and table
 */
export function dumpFileName(name: readonly string[], extension: string): string {
  return [...name.map(plain), extension].join(".");
}

function plain(name: string): string {
  if (/^[a-z0-9_-]{1,64}$/.test(name)) return name;
  return `${name.slice(0, 64).replace(/[^A-Za-z0-9_-]/g, "_")}~${hash("sha256", name).slice(0, 8)}`;
}
