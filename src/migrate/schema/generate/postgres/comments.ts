import type { Schema, Table } from "../../model.ts";
import { type Step, steps } from "../step.ts";
import { signatureSql } from "./routines.ts";
import { indexPath, literal, quote, quotePath } from "./write.ts";

/** What may have a comment, as COMMENT ON names it, and the comment. */
function commentsOf(schema: Schema): Map<string, string> {
  const found = new Map<string, string>();
  const note = (target: string, { comment }: { comment?: string }) => {
    if (comment !== undefined) found.set(target, comment);
  };
  for (const type of schema.types) {
    note(`${type.kind === "domain" ? "DOMAIN" : "TYPE"} ${quotePath(type.name)}`, type);
  }
  for (const sequence of schema.sequences) note(`SEQUENCE ${quotePath(sequence.name)}`, sequence);
  for (const table of schema.tables) noteTable(table, note);
  for (const view of schema.views) {
    const kind = view.kind === "materialized" ? "MATERIALIZED VIEW" : "VIEW";
    note(`${kind} ${quotePath(view.name)}`, view);
    for (const index of view.indexes) note(`INDEX ${indexPath(index.name, view.name)}`, index);
  }
  for (const routine of schema.routines) {
    note(`ROUTINE ${signatureSql(routine.signature)}`, routine);
  }
  for (const trigger of schema.triggers) {
    note(`TRIGGER ${quote(trigger.name)} ON ${quotePath(trigger.table)}`, trigger);
  }
  return found;
}

function noteTable(
  table: Table,
  note: (target: string, thing: { comment?: string }) => void,
): void {
  const path = quotePath(table.name);
  note(`TABLE ${path}`, table);
  for (const column of table.columns) note(`COLUMN ${path}.${quote(column.name)}`, column);
  const { primaryKey, uniques, checks, foreignKeys, exclusions } = table;
  const keys = primaryKey === undefined ? uniques : [primaryKey, ...uniques];
  for (const one of [...keys, ...checks, ...foreignKeys, ...exclusions]) {
    note(`CONSTRAINT ${quote(one.name ?? "")} ON ${path}`, one);
  }
  for (const index of table.indexes) note(`INDEX ${indexPath(index.name, table.name)}`, index);
}

/**
 * @param remade the targets that were dropped and made again, and have lost their comment
 */
export function commentSteps(
  before: Schema,
  after: Schema,
  remade: (target: string) => boolean,
): Step[] {
  const [old, now] = [commentsOf(before), commentsOf(after)];
  const lost = [...old.keys()].filter((target) => !now.has(target) && !remade(target));
  const gone = lost.length === 0 ? [] : lost.filter(stillThere(after));
  const changed = [...now].filter(
    ([target, comment]) => old.get(target) !== comment || remade(target),
  );
  return steps(
    ...gone.map((target) => `COMMENT ON ${target} IS NULL`),
    ...changed.map(([target, comment]) => `COMMENT ON ${target} IS ${literal(comment)}`),
  );
}

/** A comment goes with what it is on. */
function stillThere(schema: Schema): (target: string) => boolean {
  const marked = structuredClone(schema);
  mark(marked);
  const targets = commentsOf(marked);
  return (target) => targets.has(target);
}

/** Gives everything a comment, so that everything is found. */
function mark(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) Object.assign(value, { comment: "x" });
  for (const [name, inner] of Object.entries(value)) if (name !== "comment") mark(inner);
}
