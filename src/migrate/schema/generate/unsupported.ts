import { isDeepStrictEqual } from "node:util";
import type { CompositeType, CustomType, Schema, Table } from "../model.ts";

export interface Settled {
  /** What is declared, but for what cannot be generated: that stays as it is in the database. */
  target: Schema;
  notes: string[];
}

/** Takes back what no statement can do, and says so. */
export function settleUnsupported(live: Schema, declared: Schema): Settled {
  const notes: string[] = [];
  const target = structuredClone(declared);
  target.types = target.types.map((type) => settleType(live, type, notes));
  target.tables = target.tables.map((table) => settleTable(live, table, notes));
  target.extensions = target.extensions.map((extension) => {
    const old = live.extensions.find(({ name }) => name === extension.name);
    if (old === undefined || old.schema === extension.schema) return extension;
    notes.push(`The extension ${extension.name} is in another schema; move it by hand.`);
    return old;
  });
  settleKinds(live, target, notes);
  for (const name of target.unmodelled.filter((one) => !live.unmodelled.includes(one))) {
    notes.push(`${name} is declared and cannot be generated; create it by hand.`);
  }
  for (const name of live.unmodelled.filter((one) => !target.unmodelled.includes(one))) {
    notes.push(`${name} is in the database and not declared; it is left as it is.`);
  }
  target.unmodelled = live.unmodelled;
  return { target, notes };
}

function settleType(live: Schema, type: CustomType, notes: string[]): CustomType {
  const old = live.types.find(({ name }) => name === type.name);
  if (old === undefined) return type;
  if (old.kind !== type.kind) {
    notes.push(
      `The type ${type.name} is ${old.kind} and declared as ${type.kind}; change it by hand.`,
    );
    return old;
  }
  if (old.kind === "composite" && type.kind === "composite") {
    return settleComposite(old, type, notes);
  }
  if (old.kind !== "domain" || type.kind !== "domain") return type;
  if (old.type === type.type && old.collation === type.collation) return type;
  notes.push(`The type beneath the domain ${type.name} cannot be changed; make a new domain.`);
  return { ...type, type: old.type, collation: old.collation };
}

/** Attributes come and go; their types cannot change where a column has the type. */
function settleComposite(old: CompositeType, type: CompositeType, notes: string[]): CompositeType {
  const attributes = type.attributes.map((attribute) => {
    const twin = old.attributes.find(({ name }) => name === attribute.name);
    if (twin === undefined || isDeepStrictEqual(twin, attribute)) return attribute;
    notes.push(`The type of ${type.name}.${attribute.name} cannot be changed; make a new type.`);
    return twin;
  });
  return { ...type, attributes };
}

function settleTable(live: Schema, table: Table, notes: string[]): Table {
  const old = live.tables.find(({ name }) => name === table.name);
  if (old === undefined) return table;
  const result = { ...table };
  if (live.dialect === "postgres" && old.partitionBy !== table.partitionBy) {
    notes.push(`How the table ${table.name} is partitioned cannot be changed; make a new table.`);
    result.partitionBy = old.partitionBy;
  }
  result.indexes = table.indexes.map((index) => {
    if (index.invalid !== true) return index;
    const twin = old.indexes.find(({ name }) => name === index.name);
    return twin?.invalid === true ? index : { ...index, invalid: undefined };
  });
  return { ...result, ...settleValidity(old, table, notes) };
}

/** What was validated once stays so. */
function settleValidity(old: Table, table: Table, notes: string[]) {
  const settle = <T extends { name?: string; notValid?: boolean }>(
    before: readonly T[],
    after: readonly T[],
  ): T[] =>
    after.map((one) => {
      const twin = before.find(({ name }) => name === one.name);
      if (one.notValid !== true || twin === undefined || twin.notValid === true) return one;
      notes.push(`${table.name}.${one.name} is validated, which cannot be taken back.`);
      return { ...one, notValid: undefined };
    });
  return {
    foreignKeys: settle(old.foreignKeys, table.foreignKeys),
    checks: settle(old.checks, table.checks),
  };
}

/** A view cannot take the name of a table before that is gone, nor the other way round. */
function settleKinds(live: Schema, target: Schema, notes: string[]): void {
  const tables = new Map(live.tables.map((table) => [table.name, table]));
  const views = new Map(live.views.map((view) => [view.name, view]));
  const clashing = [
    ...target.views.filter(({ name }) => tables.has(name)),
    ...target.tables.filter(({ name }) => views.has(name)),
  ].map(({ name }) => name);
  for (const name of clashing) {
    notes.push(`${name} is a table on one side and a view on the other; replace it by hand.`);
  }
  const isClear = ({ name }: { name: string }) => !clashing.includes(name);
  target.tables = target.tables.filter(isClear);
  target.views = target.views.filter(isClear);
  for (const name of clashing) {
    const [table, view] = [tables.get(name), views.get(name)];
    if (table !== undefined) target.tables.push(table);
    if (view !== undefined) target.views.push(view);
  }
}
