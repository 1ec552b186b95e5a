import { Document, type Pair, Scalar, isMap, isScalar, isSeq, visit } from "yaml";
import type { CustomType, Routine, Schema, Sequence, Trigger, View } from "../model.ts";
import { joinName, splitName } from "../names.ts";
import { columnWords } from "../words/column.ts";
import { wordOfQualified } from "../words/word-reader.ts";
import { checkValue, indexesOf, tableValue } from "./format-table.ts";
import { type Value, named, optionsValue, section } from "./value.ts";

/** The format that this version of studio writes and reads. */
export const schemaFormat = "schema/v1";

/** The schema as a YAML file: the same text for the same schema. */
export function formatSchema(schema: Schema): string {
  const document = new Document(plain(schemaValue(schema)));
  visit(document, { Map: flowWhereShort, Seq: flowWhereShort, Pair: spaced });
  return document.toString({ lineWidth: 0, indentSeq: false, flowCollectionPadding: false });
}

/** Lists and maps of this many characters or fewer stay on one line. */
const shortEnough = 72;

function schemaValue(schema: Schema): Value {
  const { dialect } = schema;
  const mapOf = <T extends { name: string }>(things: readonly T[], valueOf: (thing: T) => Value) =>
    named(things, valueOf);
  return section([
    ["studio", schemaFormat],
    ["dialect", dialect],
    ["schemas", schema.schemas],
    [
      "extensions",
      schema.extensions.map(({ name, schema: place }) =>
        place === undefined ? name : new Map([[name, place]]),
      ),
    ],
    ["types", mapOf(schema.types, typeValue)],
    ["sequences", mapOf(schema.sequences, sequenceValue)],
    ["tables", mapOf(schema.tables, (table) => tableValue(table, dialect))],
    ["views", mapOf(schema.views, (view) => viewValue(view, schema))],
    ["routines", new Map(schema.routines.map((one) => [one.signature, routineValue(one)]))],
    [
      "triggers",
      new Map(schema.triggers.map((one) => [triggerKey(one, schema), triggerValue(one)])),
    ],
    ["unmodelled", schema.unmodelled],
  ]);
}

function typeValue(type: CustomType): Value {
  if (type.kind === "enum") {
    return section([
      ["enum", type.labels],
      ["comment", type.comment],
    ]);
  }
  if (type.kind === "composite") {
    return section([
      ["composite", new Map(type.attributes.map((one) => [one.name, attributeWords(one)]))],
      ["comment", type.comment],
    ]);
  }
  return section([
    ["domain", columnWords(type, "postgres")],
    ["checks", named(type.checks, checkValue)],
    ["comment", type.comment],
  ]);
}

function attributeWords({ type, collation }: { type: string; collation?: string }): string {
  if (collation === undefined) return type;
  return `${type} collate ${wordOfQualified(splitName(collation), "postgres")}`;
}

function sequenceValue({ type, options, comment }: Sequence): Value {
  const words = [type, options].filter((word) => word !== "").join(" ");
  if (comment === undefined) return words;
  return section([
    ["as", words],
    ["comment", comment],
  ]);
}

function viewValue(view: View, { dialect }: Schema): Value {
  const { kind, definition, columns, options, indexes, comment } = view;
  const isPlain =
    columns.length + indexes.length + Object.keys(options).length === 0 && comment === undefined;
  if (kind === "view" && isPlain) return definition;
  return section([
    [kind, definition],
    ["columns", columns],
    ["indexes", indexesOf(indexes, dialect)],
    ["options", optionsValue(options)],
    ["comment", comment],
  ]);
}

function routineValue({ definition, comment }: Routine): Value {
  if (comment === undefined) return definition;
  return section([
    ["definition", definition],
    ["comment", comment],
  ]);
}

/** Its table, a dot, and its name. */
function triggerKey({ name, table }: Trigger, { dialect }: Schema): string {
  return `${dialect === "postgres" ? table : joinName(table)}.${joinName(name)}`;
}

function triggerValue({ definition, enabled, comment }: Trigger): Value {
  if (enabled === undefined && comment === undefined) return definition;
  return section([
    ["definition", definition],
    ["enabled", enabled],
    ["comment", comment],
  ]);
}

/** What the library writes; a Map keeps the order of keys that look like numbers. */
function plain(value: Value): unknown {
  if (value instanceof Map) {
    return new Map([...value].map(([key, inner]) => [key, plain(inner as Value)]));
  }
  return Array.isArray(value) ? value.map((inner) => plain(inner as Value)) : value;
}

/** What lies deep and is short goes on one line. */
function flowWhereShort(_key: unknown, node: { flow?: boolean }, path: readonly unknown[]): void {
  if (!isMap(node) && !isSeq(node)) return;
  const depth = path.filter((one) => isMap(one) || isSeq(one)).length;
  const isSection = isMap(node) && depth < 4;
  if (!isSection && lengthOf(node) <= shortEnough) node.flow = true;
}

function lengthOf(node: unknown): number {
  if (isScalar(node)) {
    const text = String(node.value);
    return text.includes("\n") ? Infinity : text.length + 2;
  }
  if (isSeq(node)) return node.items.reduce((sum: number, item) => sum + lengthOf(item), 0);
  if (!isMap(node)) return 0;
  return node.items.reduce((sum, { key, value }) => sum + lengthOf(key) + lengthOf(value), 0);
}

/** A blank line before each section, and before each table. */
function spaced(key: unknown, pair: Pair, path: readonly unknown[]): void {
  const depth = path.filter(isMap).length;
  const inTables = path.some(
    (one) =>
      typeof one === "object" && one !== null && "key" in one && nameOf(one.key) === "tables",
  );
  const isSection = depth === 1 && isMap(pair.value);
  if (!(isSection || (depth === 2 && inTables && key !== 0))) return;
  if (isScalar(pair.key)) pair.key.spaceBefore = true;
}

function nameOf(key: unknown): unknown {
  return key instanceof Scalar ? key.value : key;
}
