import type { Index, Schema, Table, Trigger, View } from "../../model.ts";
import { quoteName } from "../../names.ts";
import { type Pairs, pair, pairByName } from "../../pairs.ts";
import { sameTrigger, sameView } from "../../same/objects.ts";
import { sameIndex } from "../../same/table.ts";
import { dependentViews, inOrderOfUse, mentionsAny } from "../dependents.ts";
import { type Step, steps } from "../step.ts";
import { type TableChange, alterTable, rebuildTable, tableChange } from "./change-table.ts";
import { createIndex, createTable, createView, dropView } from "./write.ts";

const quote = (name: string): string => quoteName(name, "sqlite");

/** The statements that turn one SQLite schema into another; foreign keys must be off. */
export function alterSqlite(before: Schema, after: Schema): Step[] {
  const tables = pairByName(before.tables, after.tables);
  const changes = tables.both
    .map(([one, other]) => tableChange(one, other))
    .filter((change) => change !== null);
  const rebuilt = changes.filter(({ needsRebuild }) => needsRebuild).map((one) => one.after.name);
  const gone = tables.removed.map(({ name }) => name);
  const moved = [...rebuilt, ...gone];
  const views = changedViews(before, after, moved);
  const triggers = changedTriggers(before, after, moved, views);
  const indexes = indexChanges(tables.both, rebuilt);
  return [
    ...steps(...triggers.drop.map(({ name }) => `DROP TRIGGER ${quote(name)}`)),
    ...steps(...inOrderOfUse(views.drop, "sqlite").toReversed().map(dropView)),
    ...steps(...indexes.drop.map(({ name }) => `DROP INDEX ${quote(name)}`)),
    ...steps(...gone.map((name) => `DROP TABLE ${quote(name)}`)),
    ...changes.flatMap((change) => changeTable(change)),
    ...steps(...tables.added.map((table) => createTable(table))),
    ...steps(...indexes.create, ...tables.added.flatMap(indexesOf)),
    ...steps(...inOrderOfUse(views.create, "sqlite").map(createView)),
    ...steps(...triggers.create.map(({ definition }) => definition)),
  ];
}

function changeTable(change: TableChange): Step[] {
  return change.needsRebuild ? rebuildTable(change) : alterTable(change);
}

function indexesOf(table: Table): string[] {
  return table.indexes.map((index) => createIndex(index, table.name));
}

/** A table that is made anew has lost its indexes. */
function indexChanges(tables: Pairs<Table>["both"], rebuilt: readonly string[]) {
  const drop: Index[] = [];
  const create: string[] = [];
  for (const [one, other] of tables) {
    const isSame = (left: Index, right: Index) =>
      left.name === right.name && sameIndex(left, right, "sqlite");
    const pairs = pair(one.indexes, other.indexes, () => undefined, isSame);
    // Dropped also where the table is: another table may take the name of the index.
    drop.push(...pairs.removed);
    const isNew = rebuilt.includes(other.name);
    const made = isNew ? other.indexes : pairs.added;
    create.push(...made.map((index) => createIndex(index, other.name)));
  }
  return { drop, create };
}

/** Views that are different, or in the way of a table that goes or is made anew. */
function changedViews(before: Schema, after: Schema, moved: readonly string[]) {
  const pairs = pairByName(before.views, after.views);
  const changed = pairs.both.filter(([one, other]) => !sameView(one, other, "sqlite"));
  const start = [...pairs.removed, ...changed.map(([one]) => one)];
  const names = [...moved, ...start.map(({ name }) => name)];
  // What a virtual table holds is no SELECT: it uses nothing.
  const plain = before.views.filter(({ kind }) => kind !== "virtual");
  const drop = [...new Set([...start, ...dependentViews(plain, names, "sqlite")])];
  const isGone = (view: View) => drop.some(({ name }) => name === view.name);
  const create = after.views.filter((view) => isGone(view) || pairs.added.includes(view));
  return { drop, create };
}

/** A trigger goes with its table or view, and is in the way of a table that it mentions. */
function changedTriggers(
  before: Schema,
  after: Schema,
  moved: readonly string[],
  views: { drop: View[] },
) {
  const names = [...moved, ...views.drop.map(({ name }) => name)];
  const pairs = pairByName(before.triggers, after.triggers);
  const isMoved = ({ definition }: Trigger) => mentionsAny(definition, names, "sqlite");
  const changed = pairs.both.filter(
    ([one, other]) =>
      isMoved(one) || one.table !== other.table || !sameTrigger(one, other, "sqlite"),
  );
  return {
    drop: [...pairs.removed, ...changed.map(([one]) => one)],
    create: [...pairs.added, ...changed.map(([, other]) => other)],
  };
}
