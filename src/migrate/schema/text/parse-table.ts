import type { Dialect } from "../../../database/address.ts";
import {
  type Column,
  type Exclusion,
  type Policy,
  type RowSecurity,
  type Table,
  emptyTable,
  given,
} from "../model.ts";
import { parseColumn } from "../words/column.ts";
import { WordReader } from "../words/word-reader.ts";
import {
  parseCheck,
  parseForeignKey,
  parseIndexes,
  parseKey,
  parseNamed,
} from "./parse-constraints.ts";
import type { Place, SchemaSource } from "./source.ts";

const sections = [
  "columns",
  "primary key",
  "unique",
  "indexes",
  "foreign keys",
  "checks",
  "exclusions",
  "partition by",
  "partition of",
  "row security",
  "options",
  "comment",
];

export function parseTable(
  source: SchemaSource,
  name: string,
  place: Place,
  dialect: Dialect,
): Table {
  const fields = source.fields(place, sections);
  const table: Table = source.from(place, emptyTable(name));
  const at = (section: string, read: (place: Place) => void) => {
    const found = fields.place(section);
    if (found !== undefined) read(found);
  };
  at("columns", (found) => parseColumns(source, found, table, dialect));
  const owner = { dialect, columns: table.columns };
  at("primary key", (found) => {
    table.primaryKey = parseKey(source, found, owner);
  });
  at("unique", (found) =>
    table.uniques.push(...parseNamed(source, found, (_, one) => parseKey(source, one, owner))),
  );
  at("foreign keys", (found) =>
    table.foreignKeys.push(
      ...parseNamed(source, found, (_, one) => parseForeignKey(source, one, dialect)),
    ),
  );
  at("checks", (found) => table.checks.push(...parseNamed(source, found, parseCheck)));
  at("exclusions", (found) => table.exclusions.push(...parseNamed(source, found, parseExclusion)));
  at("indexes", (found) => {
    table.indexes = parseIndexes(source, found, owner);
  });
  at("partition of", (found) => parsePartition(source, found, table, dialect));
  at("row security", (found) => {
    table.rowSecurity = parseRowSecurity(source, found);
  });
  table.options = fields.options("options");
  const partitionBy = fields.text("partition by");
  Object.assign(table, given<Table>({ comment: fields.text("comment"), partitionBy }));
  return table;
}

function parseColumns(source: SchemaSource, place: Place, table: Table, dialect: Dialect): void {
  for (const { name, value } of source.entries(place, null)) {
    const { at, fields } = source.mapOrShort(value, "type", ["on update", "sequence", "comment"]);
    const parts = source.attempt(at, () => parseColumn(name, source.text(at), dialect));
    if (parts === null) continue;
    const column = source.from(value, parts.column);
    const onUpdate = fields.text("on update");
    Object.assign(column, given<Column>({ onUpdate, comment: fields.text("comment") }));
    const sequence = fields.text("sequence");
    if (column.identity !== undefined && sequence !== null) column.identity.sequence = sequence;
    table.columns.push(column);
    const terms = [{ column: name }];
    if (parts.isPrimaryKey) table.primaryKey = source.from(value, { terms });
    if (parts.isUnique) table.uniques.push(source.from(value, { terms: [...terms] }));
    if (parts.reference !== null) table.foreignKeys.push(source.from(value, parts.reference));
  }
}

function parseExclusion(source: SchemaSource, place: Place): Exclusion {
  const { at, fields } = source.mapOrShort(place, "exclude", ["comment"]);
  const comment = fields.text("comment");
  return { name: "", definition: source.text(at), ...given<Exclusion>({ comment }) };
}

function parsePartition(source: SchemaSource, place: Place, table: Table, dialect: Dialect): void {
  source.attempt(place, () => {
    const reader = new WordReader(source.text(place), dialect);
    table.partitionOf = { table: reader.name(), bounds: reader.rest() };
  });
}

const commands = ["all", "select", "insert", "update", "delete"] as const;

function parseRowSecurity(source: SchemaSource, place: Place): RowSecurity {
  const fields = source.fields(place, ["enabled", "forced", "policies"]);
  const policies = fields.place("policies");
  return {
    enabled: fields.flag("enabled"),
    forced: fields.flag("forced"),
    policies:
      policies === undefined
        ? []
        : source.entries(policies, null).map(({ name, value }) => parsePolicy(source, name, value)),
  };
}

function parsePolicy(source: SchemaSource, name: string, place: Place): Policy {
  const fields = source.fields(place, ["for", "restrictive", "to", "using", "check"]);
  const written = fields.text("for") ?? "all";
  const command = commands.find((one) => one === written);
  if (command === undefined) source.problem(place, `for is one of ${commands.join(", ")}`);
  return {
    name,
    ...given<Policy>({ restrictive: fields.flag("restrictive") }),
    command: command ?? "all",
    roles: fields.texts("to"),
    ...given<Policy>({ using: fields.text("using"), check: fields.text("check") }),
  };
}
