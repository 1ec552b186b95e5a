import type { Routine, Schema, Sequence, Table } from "../../model.ts";
import { pair, pairByName } from "../../pairs.ts";
import { sameRoutine, sameTrigger, sameView } from "../../same/objects.ts";
import { sequenceFacts, sequenceSql } from "../../words/sequence.ts";
import { inOrderOfUse } from "../dependents.ts";
import { type Step, steps } from "../step.ts";
import { changeTable, dropChecks, addChecks, dropRemade } from "./change-table.ts";
import {
  addForeignKeys,
  dropForeignKeys,
  dropForeignKeysAmong,
  foreignKeyChanges,
} from "./foreign-keys.ts";
import { tableChanges } from "./table-change.ts";
import { createTable, createView, quote } from "./write.ts";

/** The statements that turn one schema of MySQL or MariaDB into another. */
export function alterMysql(before: Schema, after: Schema): Step[] {
  const tables = pairByName(before.tables, after.tables);
  const changes = tableChanges(before, after);
  const keys = foreignKeyChanges(changes);
  const gone = tables.removed.map(({ name }) => name);
  const triggers = triggerChanges(before, after, gone);
  const views = viewChanges(before, after);
  const routines = routineChanges(before, after);
  const sequences = pairByName(before.sequences, after.sequences);
  return [
    ...triggers.drop,
    ...views.drop,
    ...routines.drop,
    ...keys.flatMap(dropForeignKeys),
    ...dropForeignKeysAmong(tables.removed),
    ...steps(...gone.map((name) => `DROP TABLE ${quote(name)}`)),
    ...steps(
      ...sequences.added.map((one) => `CREATE SEQUENCE ${sequenceWords(one)}`),
      ...sequences.both
        .filter(([one, other]) => one.options !== other.options)
        .map(([, other]) => `ALTER SEQUENCE ${sequenceWords(other)}`),
    ),
    ...changes.flatMap(dropChecks),
    ...changes.flatMap(dropRemade),
    ...keys.flatMap(changeTable),
    ...steps(...tables.added.map(createTable)),
    ...changes.flatMap(addChecks),
    ...keys.flatMap(({ change, add }) => addForeignKeys(change.after, add)),
    ...tables.added.flatMap((table: Table) => addForeignKeys(table, table.foreignKeys)),
    ...steps(...sequences.removed.map(({ name }) => `DROP SEQUENCE ${quote(name)}`)),
    ...routines.create,
    ...views.create,
    ...triggers.create,
  ];
}

function sequenceWords({ name, options }: Sequence): string {
  return `${quote(name)} ${sequenceSql(sequenceFacts(options, "bigint", "mysql")).replace("NO CYCLE", "NOCYCLE")}`;
}

interface Change {
  drop: Step[];
  create: Step[];
}

function viewChanges(before: Schema, after: Schema): Change {
  const { both, added, removed } = pairByName(before.views, after.views);
  const changed = both.filter(([one, other]) => !sameView(one, other, "mysql"));
  const drop = [...removed, ...changed.map(([one]) => one)];
  const create = [...added, ...changed.map(([, other]) => other)];
  return {
    drop: steps(...drop.map(({ name }) => `DROP VIEW ${quote(name)}`)),
    create: steps(...inOrderOfUse(create, "mysql").map(createView)),
  };
}

/** A trigger goes with its table. */
function triggerChanges(before: Schema, after: Schema, gone: readonly string[]): Change {
  const { both, added, removed } = pairByName(before.triggers, after.triggers);
  const changed = both.filter(
    ([one, other]) => one.table !== other.table || !sameTrigger(one, other, "mysql"),
  );
  const drop = [...removed, ...changed.map(([one]) => one)];
  const create = [...added, ...changed.map(([, other]) => other)];
  return {
    drop: steps(
      ...drop
        .filter(({ table }) => !gone.includes(table))
        .map(({ name }) => `DROP TRIGGER ${quote(name)}`),
    ),
    create: steps(...create.map(({ definition }) => definition)),
  };
}

function routineChanges(before: Schema, after: Schema): Change {
  const identity = ({ signature }: Routine) => signature;
  const { both, added, removed } = pair(before.routines, after.routines, identity, () => true);
  const changed = both.filter(([one, other]) => !sameRoutine(one, other, "mysql"));
  const drop = [...removed, ...changed.map(([one]) => one)];
  const create = [...added, ...changed.map(([, other]) => other)];
  return {
    drop: steps(...drop.map(({ signature }) => `DROP ${routineName(signature)}`)),
    create: steps(...create.map(({ definition }) => definition)),
  };
}

/** `function f` is the signature; the name needs its quotes. */
function routineName(signature: string): string {
  const at = signature.indexOf(" ");
  return `${signature.slice(0, at).toUpperCase()} ${quote(signature.slice(at + 1))}`;
}
