import type { Schema, Table } from "../../model.ts";
import type { RenameDecision } from "../renames.ts";
import { uses } from "../withheld.ts";

/**
 * The schema without what keeps a column from being renamed: checks, generated columns and
 * indexes on expressions that use it. They come back with the new name.
 */
export function withoutObstacles(live: Schema, decisions: readonly RenameDecision[]): Schema {
  const names = new Map<string, string[]>();
  for (const decision of decisions) {
    if (decision.what === "table") continue;
    const before = decisions.find((one) => one.what === "table" && one.to === decision.table);
    const owner = before?.from ?? decision.table;
    names.set(owner, [...(names.get(owner) ?? []), decision.from]);
  }
  if (names.size === 0) return live;
  return {
    ...live,
    tables: live.tables.map((table) => withoutUses(table, names.get(table.name) ?? [])),
  };
}

function withoutUses(table: Table, names: readonly string[]): Table {
  const isGenerated = table.columns.filter(
    ({ generated }) => generated !== undefined && uses(generated, names, "mysql"),
  );
  const lost = isGenerated.map(({ name }) => name);
  const isFree = (thing: Parameters<typeof uses>[0]) => !uses(thing, lost, "mysql");
  return {
    ...table,
    columns: table.columns.filter(({ name }) => !lost.includes(name)),
    checks: table.checks.filter((check) => isFree(check) && !uses(check, names, "mysql")),
    indexes: table.indexes.filter(
      (index) =>
        isFree(index) &&
        !index.terms.some(({ expression }) => uses({ expression }, names, "mysql")),
    ),
    foreignKeys: table.foreignKeys.filter(isFree),
  };
}
