import type { Dialect } from "../../../database/address.ts";
import { withoutParentheses } from "../expression/parentheses.ts";
import { type Check, type ForeignKey, type Index, type Key, type Term, given } from "../model.ts";
import { parseReference } from "../words/reference.ts";
import { parseTerm } from "../words/term.ts";
import type { Place, SchemaSource } from "./source.ts";

/** The table whose parts are read: the names of its columns need no quotes. */
export interface Owner {
  dialect: Dialect;
  columns: readonly { name: string }[];
}

type Read<T> = (source: SchemaSource, at: Place) => T | null;

/** Things by their names in a map, or in a list where some have none. */
export function parseNamed<T extends object>(
  source: SchemaSource,
  place: Place,
  read: Read<T>,
): T[] {
  const one = (at: Place, name: object): T[] => {
    const thing = read(source, at);
    return thing === null ? [] : [source.from(at, { ...thing, ...name })];
  };
  if (!source.isList(place)) {
    return source.entries(place, null).flatMap(({ name, value }) => one(value, { name }));
  }
  return source.items(place).flatMap((item) => {
    const [entry, ...more] = source.isMap(item) ? source.entries(item, null) : [];
    if (entry === undefined || more.length > 0) return one(item, {});
    return one(entry.value, { name: entry.name });
  });
}

export function parseKey(source: SchemaSource, place: Place, owner: Owner): Key {
  const more = ["name", "include", "nulls not distinct", "deferrable", "on conflict", "comment"];
  const { at, fields } = source.mapOrShort(place, "columns", more);
  const deferral = fields.text("deferrable");
  if (deferral !== null && !["true", "initially deferred"].includes(deferral)) {
    source.problem(place, 'deferrable is true or "initially deferred"');
  }
  return source.from(place, {
    terms: parseTerms(source, at, owner),
    ...given<Key>({
      name: fields.text("name"),
      include: fields.texts("include"),
      nullsNotDistinct: fields.flag("nulls not distinct"),
      deferral: deferral === "true" ? "deferrable" : (deferral as Key["deferral"] | null),
      onConflict: fields.text("on conflict"),
      comment: fields.text("comment"),
    }),
  });
}

function parseTerms(source: SchemaSource, place: Place, owner: Owner): Term[] {
  const places = source.isList(place) ? source.items(place) : [place];
  if (places.length === 0) source.problem(place, "at least one column is expected here");
  return places.flatMap((at) => {
    const text = source.text(at);
    if (owner.columns.some(({ name }) => name === text)) return [{ column: text }];
    const term = source.attempt(at, () => parseTerm(text, owner.dialect));
    return term === null ? [] : [term];
  });
}

export function parseIndexes(source: SchemaSource, place: Place, owner: Owner): Index[] {
  return source
    .entries(place, null)
    .map(({ name, value }) => parseIndex(source, name, value, owner));
}

function parseIndex(source: SchemaSource, name: string, place: Place, owner: Owner): Index {
  const more = ["unique", "using", "where", "include", "nulls not distinct", "invalid"];
  const { at, fields } = source.mapOrShort(place, "columns", [...more, "options", "comment"]);
  const method = fields.text("using")?.toLowerCase();
  const predicate = fields.text("where");
  return source.from(place, {
    name,
    terms: parseTerms(source, at, owner),
    ...given<Index>({
      unique: fields.flag("unique"),
      method: method === "btree" ? null : method,
      predicate: predicate === null ? null : withoutParentheses(predicate, owner.dialect),
      include: fields.texts("include"),
      nullsNotDistinct: fields.flag("nulls not distinct"),
      invalid: fields.flag("invalid"),
      options: fields.options("options"),
      comment: fields.text("comment"),
    }),
  });
}

export function parseForeignKey(
  source: SchemaSource,
  place: Place,
  dialect: Dialect,
): ForeignKey | null {
  const { at, fields } = source.mapOrShort(place, "key", ["comment"]);
  const key = source.attempt(at, () => parseReference(source.text(at), dialect));
  if (key === null) return null;
  return source.from(place, { ...key, ...given<ForeignKey>({ comment: fields.text("comment") }) });
}

export function parseCheck(source: SchemaSource, place: Place): Check {
  const more = ["not valid", "no inherit", "not enforced", "column", "comment"];
  const { at, fields } = source.mapOrShort(place, "expression", more);
  return source.from(place, {
    expression: source.text(at).trim(),
    ...given<Check>({
      notValid: fields.flag("not valid"),
      noInherit: fields.flag("no inherit"),
      notEnforced: fields.flag("not enforced"),
      column: fields.text("column"),
      comment: fields.text("comment"),
    }),
  });
}
