import type { Dialect } from "../../../database/address.ts";
import type { Schema, Table } from "../model.ts";
import type { SchemaSource } from "./source.ts";

type Check = readonly [what: string, dialects: readonly Dialect[], has: (table: Table) => boolean];

const onlyPostgres: readonly Dialect[] = ["postgres"];

const ofTables: readonly Check[] = [
  ["exclusions", onlyPostgres, ({ exclusions }) => exclusions.length > 0],
  ["row security", onlyPostgres, ({ rowSecurity }) => rowSecurity !== undefined],
  ["partitions of a table", onlyPostgres, ({ partitionOf }) => partitionOf !== undefined],
  ["partition by", ["postgres", "mysql"], ({ partitionBy }) => partitionBy !== undefined],
  ["comments", ["postgres", "mysql"], ({ comment }) => comment !== undefined],
  ["include", onlyPostgres, ({ indexes }) => indexes.some(({ include }) => include !== undefined)],
  [
    "where",
    ["postgres", "sqlite"],
    ({ indexes }) => indexes.some(({ predicate }) => predicate !== undefined),
  ],
  [
    "using",
    ["postgres", "mysql"],
    ({ indexes }) => indexes.some(({ method }) => method !== undefined),
  ],
  [
    "comments on columns",
    ["postgres", "mysql"],
    ({ columns }) => columns.some(({ comment }) => comment !== undefined),
  ],
  [
    "on update of a column",
    ["mysql"],
    ({ columns }) => columns.some(({ onUpdate }) => onUpdate !== undefined),
  ],
];

/** Notes what a dialect has no such thing as. */
export function checkDialect(schema: Schema, root: object, source: SchemaSource): void {
  const { dialect } = schema;
  const refuse = (place: object, what: string) =>
    source.problem(place, `${what} cannot be had with ${dialect}`);
  const sections: [string, readonly unknown[], readonly Dialect[]][] = [
    ["schemas", schema.schemas, onlyPostgres],
    ["extensions", schema.extensions, onlyPostgres],
    ["types", schema.types, onlyPostgres],
    ["sequences", schema.sequences, ["postgres", "mysql"]],
    ["routines", schema.routines, ["postgres", "mysql"]],
  ];
  for (const [what, list, dialects] of sections) {
    if (list.length > 0 && !dialects.includes(dialect)) refuse(root, what);
  }
  for (const table of schema.tables) {
    for (const [what, dialects, has] of ofTables) {
      if (has(table) && !dialects.includes(dialect)) refuse(table, what);
    }
  }
  for (const view of schema.views) {
    if (view.kind === "materialized" && dialect !== "postgres") refuse(view, "materialized views");
    if (view.kind === "virtual" && dialect !== "sqlite") refuse(view, "virtual tables");
  }
}
