import type { RehearsedMigration } from "./report.ts";

export interface TableSize {
  rows: number | null;
  bytes: number | null;
}

/** The tables that the migrations lock or rewrite. */
export function concernedTables(migrations: readonly RehearsedMigration[]): Set<string> {
  return new Set(migrations.flatMap(({ tables }) => tables.flatMap(({ table }) => table ?? [])));
}

/** Writes the sizes of tables into a report. */
export function addSizes(
  migrations: readonly RehearsedMigration[],
  sizes: ReadonlyMap<string, TableSize>,
): void {
  for (const impact of migrations.flatMap(({ tables }) => tables)) {
    Object.assign(impact, sizes.get(impact.table ?? ""));
  }
}
