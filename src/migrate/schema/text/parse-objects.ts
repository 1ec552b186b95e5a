import type { Dialect } from "../../../database/address.ts";
import {
  type Check,
  type CompositeType,
  type CustomType,
  type DomainType,
  type Routine,
  type Sequence,
  type Trigger,
  type View,
  given,
} from "../model.ts";
import { joinName, splitName } from "../names.ts";
import { parseColumn } from "../words/column.ts";
import { settledSequenceWords } from "../words/sequence.ts";
import { WordReader } from "../words/word-reader.ts";
import { parseCheck, parseIndexes, parseNamed } from "./parse-constraints.ts";
import type { Fields, Place, SchemaSource } from "./source.ts";

/** @returns an empty list where what is wrong was noted */
export function parseType(source: SchemaSource, name: string, place: Place): CustomType[] {
  const fields = source.fields(place, ["enum", "domain", "composite", "checks", "comment"]);
  const comment = given<{ comment: string }>({ comment: fields.text("comment") });
  const composite = fields.place("composite");
  if (fields.place("enum") !== undefined) {
    return [{ kind: "enum", name, labels: fields.texts("enum"), ...comment }];
  }
  if (fields.place("domain") !== undefined) {
    return parseDomain(source, name, fields).map((one) => ({ ...one, ...comment }));
  }
  if (composite !== undefined) {
    return [{ kind: "composite", name, attributes: attributesOf(source, composite), ...comment }];
  }
  source.problem(place, "a type has one of enum, domain, composite");
  return [];
}

function parseDomain(source: SchemaSource, name: string, fields: Fields): DomainType[] {
  const place = fields.place("domain");
  const checks = fields.place("checks");
  if (place === undefined) return [];
  const read = source.attempt(place, () => parseColumn(name, source.text(place), "postgres"));
  if (read === null) return [];
  const { type, nullable, default: expression, collation } = read.column;
  return [
    {
      kind: "domain",
      name,
      type,
      nullable,
      ...given<DomainType>({ default: expression, collation }),
      checks: checks === undefined ? [] : parseNamed<Check>(source, checks, parseCheck),
    },
  ];
}

function attributesOf(source: SchemaSource, place: Place): CompositeType["attributes"] {
  return source.entries(place, null).flatMap(({ name, value }) => {
    const read = source.attempt(value, () => parseColumn(name, source.text(value), "postgres"));
    if (read === null) return [];
    const { type, collation } = read.column;
    return [{ name, type, ...given<{ collation: string }>({ collation }) }];
  });
}

/** @returns an empty list where what is wrong was noted */
export function parseSequence(
  source: SchemaSource,
  name: string,
  place: Place,
  dialect: Dialect,
): Sequence[] {
  const { at, fields } = source.mapOrShort(place, "as", ["comment"]);
  const read = source.attempt(at, () => {
    const reader = new WordReader(source.text(at), dialect);
    const written = reader.takeOne(["smallint", "integer", "int", "bigint"]) ?? "bigint";
    const type = written === "int" ? "integer" : written;
    return { name, type, options: settledSequenceWords(reader.rest(), type, dialect) };
  });
  if (read === null) return [];
  return [{ ...read, ...given<Sequence>({ comment: fields.text("comment") }) }];
}

export function parseView(
  source: SchemaSource,
  name: string,
  place: Place,
  dialect: Dialect,
): View {
  const kinds = ["view", "materialized", "virtual"] as const;
  const fields = source.isMap(place)
    ? source.fields(place, [...kinds, "columns", "indexes", "options", "comment"])
    : null;
  const kind = kinds.find((one) => fields?.place(one) !== undefined) ?? "view";
  const definition = fields === null ? place : fields.place(kind);
  if (definition === undefined) source.problem(place, `one of ${kinds.join(", ")} is missing`);
  const indexes = fields?.place("indexes");
  return source.from(place, {
    name,
    kind,
    definition: definition === undefined ? "" : statement(source.text(definition)),
    columns: fields?.texts("columns") ?? [],
    options: fields?.options("options") ?? {},
    indexes: indexes === undefined ? [] : parseIndexes(source, indexes, { dialect, columns: [] }),
    ...given<View>({ comment: fields?.text("comment") }),
  });
}

export function parseRoutine(source: SchemaSource, signature: string, place: Place): Routine {
  const { at, fields } = source.mapOrShort(place, "definition", ["comment"]);
  return {
    signature,
    definition: statement(source.text(at)),
    ...given<Routine>({ comment: fields.text("comment") }),
  };
}

export function parseTrigger(
  source: SchemaSource,
  key: string,
  place: Place,
  dialect: Dialect,
): Trigger {
  const parts = splitName(key);
  if (parts.length < 2) {
    source.problem(place, `"${key}" must name the table, then a dot, then the trigger`);
  }
  const name = parts.at(-1) ?? "";
  const table = dialect === "postgres" ? joinName(...parts.slice(0, -1)) : (parts[0] ?? "");
  const { at, fields } = source.mapOrShort(place, "definition", ["enabled", "comment"]);
  return source.from(place, {
    name,
    table,
    definition: statement(source.text(at)),
    ...given<Trigger>({ enabled: fields.text("enabled"), comment: fields.text("comment") }),
  });
}

/** Without the semicolon and the blanks that people end a statement with. */
function statement(text: string): string {
  return text.replace(/[\s;]+$/, "");
}
