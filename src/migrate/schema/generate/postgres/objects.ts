import type { Schema, Sequence, Trigger, View } from "../../model.ts";
import { pair, pairByName } from "../../pairs.ts";
import { sameTrigger, sameView } from "../../same/objects.ts";
import { sameIndex } from "../../same/table.ts";
import { sequenceFacts, sequenceSql } from "../../words/sequence.ts";
import { dependentViews, inOrderOfUse, mentionsAny } from "../dependents.ts";
import { type Step, steps } from "../step.ts";
import { type TableChange, isInTheWay, movedColumns } from "./table-changes.ts";
import { createIndex, createView, dropView, indexPath, quote, quotePath } from "./write.ts";

export interface ViewChanges {
  drop: View[];
  create: View[];
  /** Views that stay, with other indexes. */
  reindexed: [before: View, after: View][];
}

/** Views that are different, or in the way of a column or a table that goes or changes its type. */
export function viewChanges(
  before: Schema,
  after: Schema,
  changes: readonly TableChange[],
  gone: readonly string[],
): ViewChanges {
  const pairs = pairByName(before.views, after.views);
  const changed = pairs.both.filter(([one, other]) => !sameView(one, other, "postgres"));
  const moving = changes.filter((change) => movedColumns(change).size > 0);
  const blocking = before.views.filter((view) =>
    moving.some(
      (change) =>
        mentionsAny(view.definition, [change.before.name], "postgres") &&
        isInTheWay(view.definition, change),
    ),
  );
  const start = [...new Set([...pairs.removed, ...changed.map(([one]) => one), ...blocking])];
  const names = [...gone, ...start.map(({ name }) => name)];
  const drop = [...new Set([...start, ...dependentViews(before.views, names, "postgres")])];
  const isGone = (view: View) => drop.some(({ name }) => name === view.name);
  return {
    drop,
    create: after.views.filter((view) => isGone(view) || pairs.added.includes(view)),
    reindexed: pairs.both.filter(([one]) => !isGone(one)),
  };
}

export function dropViews({ drop }: ViewChanges): Step[] {
  return steps(...inOrderOfUse(drop, "postgres").toReversed().map(dropView));
}

export function createViews({ create, reindexed }: ViewChanges): Step[] {
  return [
    ...steps(
      ...inOrderOfUse(create, "postgres").flatMap((view) => [
        createView(view),
        ...view.indexes.map((index) => createIndex(index, view.name)),
      ]),
    ),
    ...reindexed.flatMap(([one, other]) => {
      const pairs = pair(
        one.indexes,
        other.indexes,
        () => undefined,
        (left, right) => left.name === right.name && sameIndex(left, right, "postgres"),
      );
      return steps(
        ...pairs.removed.map(({ name }) => `DROP INDEX ${indexPath(name, one.name)}`),
        ...pairs.added.map((index) => createIndex(index, other.name)),
      );
    }),
  ];
}

const switches: Record<string, string> = {
  disabled: "DISABLE TRIGGER",
  replica: "ENABLE REPLICA TRIGGER",
  always: "ENABLE ALWAYS TRIGGER",
};

export interface TriggerChanges {
  drop: Trigger[];
  create: Trigger[];
}

/** A trigger goes with its table or view, and is in the way of a column that it mentions. */
export function triggerChanges(
  before: Schema,
  after: Schema,
  changes: readonly TableChange[],
  gone: readonly string[],
): TriggerChanges {
  const identity = ({ table, name }: Trigger) => `${table}\0${name}`;
  const pairs = pair(before.triggers, after.triggers, identity, () => true);
  const isMoved = (trigger: Trigger) =>
    gone.includes(trigger.table) ||
    changes.some(
      (change) => change.before.name === trigger.table && isInTheWay(trigger.definition, change),
    );
  const changed = pairs.both.filter(
    ([one, other]) => isMoved(one) || !sameTrigger(one, other, "postgres"),
  );
  // Those of a table or a view that goes are gone with it.
  const drop = [...pairs.removed, ...changed.map(([one]) => one)];
  return {
    drop: drop.filter(({ table }) => !gone.includes(table)),
    create: [...pairs.added, ...changed.map(([, other]) => other)],
  };
}

export function dropTriggers({ drop }: TriggerChanges): Step[] {
  return steps(
    ...drop.map(({ name, table }) => `DROP TRIGGER ${quote(name)} ON ${quotePath(table)}`),
  );
}

export function createTriggers({ create }: TriggerChanges): Step[] {
  return steps(
    ...create.flatMap(({ name, table, definition, enabled = "" }) => {
      const word = switches[enabled];
      const enable = `ALTER TABLE ${quotePath(table)} ${word} ${quote(name)}`;
      return word === undefined ? [definition] : [definition, enable];
    }),
  );
}

export interface SequenceChanges {
  create: Step[];
  drop: Step[];
}

export function sequenceChanges(before: Schema, after: Schema): SequenceChanges {
  const { both, added, removed } = pairByName(before.sequences, after.sequences);
  const facts = ({ options, type }: Sequence) =>
    sequenceSql(sequenceFacts(options, type, "postgres"));
  const words = (one: Sequence) => `SEQUENCE ${quotePath(one.name)} AS ${one.type} ${facts(one)}`;
  const changed = both.filter(
    ([one, other]) => one.type !== other.type || one.options !== other.options,
  );
  return {
    create: steps(
      ...added.map((one) => `CREATE ${words(one)}`),
      ...changed.map(([, other]) => `ALTER ${words(other)}`),
    ),
    drop: steps(...removed.map(({ name }) => `DROP SEQUENCE ${quotePath(name)}`)),
  };
}

/** Schemas and extensions: the first to come and the last to go. */
export function placeChanges(before: Schema, after: Schema): SequenceChanges {
  const extensions = pairByName(before.extensions, after.extensions);
  const only = (one: Schema, other: Schema) =>
    one.schemas.filter((name) => !other.schemas.includes(name));
  return {
    create: steps(
      ...only(after, before).map((name) => `CREATE SCHEMA ${quote(name)}`),
      ...extensions.added.map(
        ({ name, schema }) =>
          `CREATE EXTENSION ${quote(name)}${schema === undefined ? "" : ` SCHEMA ${quote(schema)}`}`,
      ),
    ),
    drop: steps(
      ...extensions.removed.map(({ name }) => `DROP EXTENSION ${quote(name)}`),
      ...only(before, after).map((name) => `DROP SCHEMA ${quote(name)}`),
    ),
  };
}
