import * as fc from "fast-check";
import type { Dialect } from "../../../../src/database/address.ts";
import {
  type Check,
  type Column,
  type ForeignKey,
  type Index,
  type Key,
  type Schema,
  type Table,
  type Term,
  emptySchema,
  emptyTable,
  given,
} from "../../../../src/migrate/schema/model.ts";
import { sortSchema } from "../../../../src/migrate/schema/order.ts";

interface Kind {
  type: string;
  defaults: string[];
  /** Expressions with `@` for the column. */
  checks: string[];
  /** A collation that is not the usual one. */
  collation?: string;
  indexable: boolean;
}

/** What a dialect's random schemas are put together from. */
export interface Palette {
  dialect: Dialect;
  /** The type of what foreign keys refer to. */
  keyType: string;
  kinds: Kind[];
  /** Of a table with a column `amount`. */
  generated: string;
  expression: string;
  partialIndexes: boolean;
  separateUniques: boolean;
  deferrable: boolean;
  actions: string[];
  /** SELECT of a view of a column of a table, both in quotes. */
  view: (column: string, table: string) => string;
}

const tableNames = ["users", "Orders", "select", "odd `name"];
const columnNames = ["email", "Full Name", "order", "note", "amount"];

/** Schemas with few names, so that two of them have much in common. */
export function declaredSchemas(palette: Palette): fc.Arbitrary<Schema> {
  return fc
    .subarray(tableNames, { minLength: 1 })
    .chain((names) =>
      fc.tuple(fc.tuple(...names.map((name) => tables(palette, name, names))), fc.boolean()),
    )
    .map(([made, hasView]) => {
      const schema = emptySchema(palette.dialect);
      schema.tables = structuredClone(made);
      const [viewed] = schema.tables;
      if (hasView && viewed !== undefined) schema.views = [viewOf(palette, viewed)];
      return sortSchema(schema);
    });
}

function viewOf(palette: Palette, { name }: Table): Schema["views"][number] {
  const quoted =
    palette.dialect === "mysql"
      ? `\`${name.replaceAll("`", "``")}\``
      : `"${name.replaceAll('"', '""')}"`;
  const definition = palette.view("id", quoted);
  return { name: "a_view", kind: "view", definition, columns: [], options: {}, indexes: [] };
}

function tables(palette: Palette, name: string, others: readonly string[]): fc.Arbitrary<Table> {
  return fc
    .subarray(columnNames)
    .chain((names) =>
      fc.record({
        columns: fc.tuple(...names.map((column) => columns(palette, column))),
        parents: fc.array(parents(palette, name, others), { maxLength: 2 }),
        hasKey: fc.constantFrom("id", "id", "two", "none"),
        total: fc.boolean(),
        seed: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
      }),
    )
    .map((parts) => assemble(palette, name, structuredClone(parts)));
}

interface ColumnParts {
  column: Column;
  kind: Kind;
}

interface Parts {
  columns: ColumnParts[];
  parents: { column: Column; key: ForeignKey }[];
  hasKey: string;
  total: boolean;
  seed: number[];
}

function columns(palette: Palette, name: string): fc.Arbitrary<ColumnParts> {
  const kinds =
    name === "amount" ? palette.kinds.filter(({ type }) => /int/.test(type)) : palette.kinds;
  return fc
    .tuple(fc.constantFrom(...kinds), fc.boolean(), fc.nat(), fc.boolean())
    .map(([kind, nullable, pick, collated]) => ({
      kind,
      column: {
        name,
        type: kind.type,
        nullable,
        ...given<Column>({
          default: pick % 2 === 0 ? kind.defaults[pick % kind.defaults.length] : null,
          collation: collated ? kind.collation : null,
        }),
      },
    }));
}

function parents(
  palette: Palette,
  name: string,
  others: readonly string[],
): fc.Arbitrary<Parts["parents"][number]> {
  const action = fc.option(fc.constantFrom(...palette.actions));
  return fc
    .tuple(fc.constantFrom(...others), action, action, fc.boolean())
    .map(([table, onDelete, onUpdate, deferred]) => {
      const column = `${table.replace(/\W/g, "")}_id`;
      return {
        column: { name: column, type: palette.keyType, nullable: true },
        key: {
          name: `${name.replace(/\W/g, "")}_${column}_fkey`,
          columns: [column],
          table,
          referenced: ["id"],
          ...given<ForeignKey>({
            onDelete,
            onUpdate,
            deferral: deferred && palette.deferrable ? "initially deferred" : null,
          }),
        },
      };
    });
}

function assemble(palette: Palette, name: string, parts: Parts): Table {
  const { dialect } = palette;
  const [pick = 0, ...seed] = parts.seed;
  const own = name.replace(/\W/g, "");
  const table = emptyTable(name);
  const references = parts.parents.filter(
    ({ column }, index, all) => all.findIndex((one) => one.column.name === column.name) === index,
  );
  table.columns = [
    { name: "id", type: palette.keyType, nullable: false },
    ...references.map(({ column }) => column),
    ...parts.columns.map(({ column }) => column),
  ];
  table.foreignKeys = references.map(({ key }) => key);
  if (parts.total && parts.columns.some(({ column }) => column.name === "amount")) {
    table.columns.push({
      name: "total",
      type: palette.keyType,
      nullable: true,
      generated: { expression: palette.generated, stored: true },
    });
  }
  const usable = parts.columns.filter(({ kind }) => kind.indexable);
  const checks = parts.columns.filter(({ kind }) => kind.checks.length > 0);
  // Others refer to id, which must be unique in every table.
  table.uniques = [unique(palette, own, [{ column: "id" }])];
  if (parts.hasKey === "id") table.primaryKey = keyNamed(dialect, name, [{ column: "id" }]);
  const second = usable[0]?.column;
  if (parts.hasKey === "two" && second !== undefined) {
    second.nullable = false;
    table.primaryKey = keyNamed(dialect, name, [{ column: "id" }, { column: second.name }]);
  }
  for (const [index, { column }] of usable.entries()) {
    const choice = (seed[index] ?? 0) % 4;
    if (choice === 0) table.indexes.push(indexOf(palette, own, column, seed[index + 3] ?? 0));
    if (choice === 1) table.uniques.push(unique(palette, own, [{ column: column.name }]));
  }
  table.checks = checks.flatMap(({ column, kind }, index) => {
    if (((seed[index + 5] ?? 0) + pick) % 3 !== 0) return [];
    const expression = kind.checks[pick % kind.checks.length] ?? "";
    const check: Check = {
      name: `${own}_${column.name.replace(/\W/g, "")}_check`,
      expression: expression.replaceAll("@", quoted(dialect, column.name)),
    };
    return [check];
  });
  if (!palette.separateUniques) uniquesToIndexes(table);
  return table;
}

function keyNamed(dialect: Dialect, table: string, terms: Term[]): Key {
  return { terms, ...given<Key>({ name: dialect === "postgres" ? `${table}_pkey` : null }) };
}

function unique({ dialect }: Palette, own: string, terms: Term[]): Key {
  const columns = terms.map(({ column = "" }) => column.replace(/\W/g, "")).join("_");
  const name = dialect === "sqlite" && columns.length % 2 === 0 ? null : `${own}_${columns}_key`;
  return { terms, ...given<Key>({ name }) };
}

function indexOf(palette: Palette, own: string, column: Column, pick: number): Index {
  const { dialect } = palette;
  const isText = /^(char|varchar|text)/.test(column.type) && !column.type.endsWith("[]");
  const term: Term =
    isText && pick % 3 === 0 && palette.expression !== ""
      ? { expression: palette.expression.replaceAll("@", quoted(dialect, column.name)) }
      : { column: column.name, ...given<Term>({ descending: pick % 2 === 0 }) };
  return {
    name: `${own}_${column.name.replace(/\W/g, "")}_idx`,
    terms: pick % 5 === 0 ? [term, { column: "id" }] : [term],
    ...given<Index>({
      unique: pick % 7 === 0,
      predicate: palette.partialIndexes && pick % 4 === 1 ? "id > 10" : null,
    }),
  };
}

function uniquesToIndexes(table: Table): void {
  for (const { name = "", terms } of table.uniques)
    table.indexes.push({ name, terms, unique: true });
  table.uniques = [];
}

function quoted(dialect: Dialect, name: string): string {
  if (/^[a-z]+$/.test(name) && name !== "order") return name;
  return dialect === "mysql" ? `\`${name}\`` : `"${name}"`;
}
