import type { Dialect } from "../../../database/address.ts";
import { type Extension, type Schema, emptySchema } from "../model.ts";
import { checkDialect } from "./check-dialect.ts";
import { schemaFormat } from "./format.ts";
import {
  parseRoutine,
  parseSequence,
  parseTrigger,
  parseType,
  parseView,
} from "./parse-objects.ts";
import { parseTable } from "./parse-table.ts";
import { settleSchema } from "./settle.ts";
import { type Fields, type Place, SchemaSource } from "./source.ts";

const dialects: readonly Dialect[] = ["postgres", "sqlite", "mysql"];

const sections = [
  "studio",
  "dialect",
  "schemas",
  "extensions",
  "types",
  "sequences",
  "tables",
  "views",
  "routines",
  "triggers",
  "unmodelled",
];

/**
 * Reads a schema file: what `formatSchema` wrote, or what someone wrote by hand. Types are
 * normalised to what the server prints, and what has no name gets the one PostgreSQL would give.
 * @param file named in the errors
 * @throws StudioError `schema.invalid` (exit 2) with everything that is wrong, each with its line
 */
export function parseSchema(text: string, file: string): Schema {
  const source = new SchemaSource(text, file);
  const schema = source.root === null ? null : readSections(source, source.root);
  source.refuseProblems();
  return schema ?? emptySchema("sqlite");
}

function readSections(source: SchemaSource, root: Place): Schema | null {
  const fields = source.fields(root, sections);
  const dialect = dialectOf(source, root, fields);
  if (dialect === null) return null;
  const schema = emptySchema(dialect);
  const each = (name: string, read: (key: string, value: Place) => void) => {
    const place = fields.place(name);
    if (place === undefined) return;
    for (const entry of source.entries(place, null)) read(entry.name, entry.value);
  };
  schema.schemas = fields.texts("schemas");
  schema.unmodelled = fields.texts("unmodelled");
  schema.extensions = extensionsOf(source, fields.place("extensions"));
  each("types", (name, place) => schema.types.push(...parseType(source, name, place)));
  each("sequences", (name, place) =>
    schema.sequences.push(...parseSequence(source, name, place, dialect)),
  );
  each("tables", (name, place) => schema.tables.push(parseTable(source, name, place, dialect)));
  each("views", (name, place) => schema.views.push(parseView(source, name, place, dialect)));
  each("routines", (name, place) => schema.routines.push(parseRoutine(source, name, place)));
  each("triggers", (name, place) =>
    schema.triggers.push(parseTrigger(source, name, place, dialect)),
  );
  checkDialect(schema, root, source);
  settleSchema(schema, source);
  return schema;
}

function dialectOf(source: SchemaSource, root: Place, fields: Fields): Dialect | null {
  if (fields.text("studio") !== schemaFormat) {
    const place = fields.place("studio") ?? root;
    source.problem(place, `"studio: ${schemaFormat}" is expected at the beginning`);
    return null;
  }
  const written = fields.text("dialect");
  const found = dialects.find((dialect) => dialect === written);
  if (found !== undefined) return found;
  source.problem(fields.place("dialect") ?? root, `dialect is one of ${dialects.join(", ")}`);
  return null;
}

function extensionsOf(source: SchemaSource, place: Place | undefined): Extension[] {
  if (place === undefined) return [];
  return source.items(place).flatMap((item): Extension[] => {
    if (!source.isMap(item)) return [{ name: source.text(item) }];
    return source
      .entries(item, null)
      .map(({ name, value }) => ({ name, schema: source.text(value) }));
  });
}
