import type { GeneratedFile, GeneratedStatement } from "../../generate.ts";
import type { Index, Schema } from "../../model.ts";
import { fillNotes, fillSteps, lossComment } from "../explain.ts";
import { type PlanInput, active, destructive, suggested } from "../plan-input.ts";
import { renameSteps, reversed } from "../renames.ts";
import { safeSchema } from "../safe.ts";
import { steps } from "../step.ts";
import { tableNamed } from "../withheld.ts";
import { slug, tableWords, wordsFor } from "../words.ts";
import { alterPostgres } from "./alter.ts";
import { rewriteNotes } from "./notes.ts";
import { type StagedIndex, stage } from "./stage.ts";
import { addedLabels } from "./types.ts";
import { indexPath } from "./write.ts";

/**
 * The files of a change: labels of enumerations, which cannot be used in the transaction that adds
 * them; all that is quick; each index on its own, without a transaction; keys; what looks at
 * all rows without blocking writers; and last what loses data.
 */
export function planPostgres(input: PlanInput): GeneratedFile[] {
  const { live, renamed, target, decisions } = input;
  const labelled = withNewLabels(renamed, target);
  const safe = safeSchema(renamed, target, false);
  const filled = safeSchema(renamed, target, true);
  const { first, dropped, created, keyed } = stage(labelled, safe);
  const main: GeneratedFile = {
    words: wordsFor(live, renamed, target),
    transactional: true,
    up: active([...renameSteps(decisions, live), ...alterPostgres(labelled, first)]),
    down: active([...alterPostgres(first, labelled), ...renameSteps(reversed(decisions), live)]),
    notes: [...rewriteNotes(labelled, first), ...fillNotes(safe, filled)],
  };
  const files = [
    // It comes before the renames.
    labelsFile(live, withNewLabels(live, target)),
    main,
    ...indexFiles(first, dropped, created),
    keysFile(first, keyed, dropped, created),
    validateFile(keyed, safe, dropped, created),
  ];
  return withLosses(
    files.filter(({ up, down }) => up.length + down.length > 0),
    wordsFor(safe, safe, target),
    [
      ...suggested(fillSteps(safe, filled, alterPostgres(safe, filled))),
      ...destructive(lossComment(filled, target, alterPostgres(filled, target))),
    ],
    [...destructive(alterPostgres(target, filled)), ...suggested(alterPostgres(filled, safe))],
  );
}

/** What only a person may run is the end of the last file, or a file of its own. */
function withLosses(
  files: GeneratedFile[],
  words: string,
  up: GeneratedStatement[],
  down: GeneratedStatement[],
): GeneratedFile[] {
  if (up.length + down.length === 0) return files;
  const last = files.at(-1);
  if (last?.transactional !== true || files.length > 1) {
    return [...files, { words, transactional: true, up, down, notes: [] }];
  }
  return [
    ...files.slice(0, -1),
    { ...last, up: [...last.up, ...up], down: [...down, ...last.down] },
  ];
}

/** The enumerations with the labels that are new, where they only get more. */
function withNewLabels(before: Schema, after: Schema): Schema {
  return {
    ...before,
    types: before.types.map((type) => {
      const twin = after.types.find(({ name }) => name === type.name);
      if (type.kind !== "enum" || twin?.kind !== "enum") return type;
      return addedLabels(type, twin) === null ? type : { ...type, labels: twin.labels };
    }),
  };
}

function labelsFile(before: Schema, labelled: Schema): GeneratedFile {
  return {
    words: "add-labels",
    transactional: true,
    up: active(alterPostgres(before, labelled)),
    down: active(alterPostgres(labelled, before)),
    notes: [],
  };
}

type Change = (schema: Schema) => Schema;

function changeIndexes(table: string, change: (indexes: Index[]) => Index[]): Change {
  return (schema) => ({
    ...schema,
    tables: schema.tables.map((one) =>
      one.name === table ? { ...one, indexes: change(one.indexes) } : one,
    ),
  });
}

/** The first stage without the indexes that go, and with those that come. */
function reindexed(
  schema: Schema,
  dropped: readonly StagedIndex[],
  created: readonly StagedIndex[],
): Schema {
  const changes = [
    ...dropped.map(({ table, index }) =>
      changeIndexes(table, (indexes) => indexes.filter((one) => one !== index)),
    ),
    ...created
      .filter(({ isKey }) => !isKey)
      .map(({ table, index }) => changeIndexes(table, (indexes) => [...indexes, bare(index)])),
  ];
  return changes.reduce((result, change) => change(result), schema);
}

/** A comment is a second statement, which has no place beside the first. */
function bare({ comment: _comment, ...index }: Index): Index {
  return index;
}

function indexFiles(
  first: Schema,
  dropped: readonly StagedIndex[],
  created: readonly StagedIndex[],
): GeneratedFile[] {
  const file = (verb: string, { table, index, isKey }: StagedIndex): GeneratedFile => {
    const one = only(first, table, []);
    const other = only(first, table, [bare(index)]);
    const create = active(alterPostgres(one, other, { concurrently: true }));
    // The index of a key goes with the key, where that was made.
    const dropKey = active(
      steps(`DROP INDEX CONCURRENTLY IF EXISTS ${indexPath(index.name, table)}`),
    );
    const drop = isKey ? dropKey : active(alterPostgres(other, one, { concurrently: true }));
    const [up, down] = verb === "drop" ? [drop, create] : [create, drop];
    return {
      words: `${verb}-index-${slug(index.name)}`,
      transactional: false,
      up,
      down,
      notes: [],
    };
  };
  return [...dropped.map((one) => file("drop", one)), ...created.map((one) => file("add", one))];
}

/** A schema of one table with these indexes alone. */
function only(schema: Schema, name: string, indexes: Index[]): Schema {
  const table = tableNamed(schema, name);
  const tables = table === undefined ? [] : [{ ...table, indexes }];
  return { ...schema, tables, views: [], routines: [], triggers: [] };
}

function keysFile(
  first: Schema,
  keyed: Schema,
  dropped: readonly StagedIndex[],
  created: readonly StagedIndex[],
): GeneratedFile {
  const keys = created.filter(({ isKey }) => isKey);
  const start = reindexed(first, dropped, created);
  const withIndexes = keys
    .map(({ table, index }) => changeIndexes(table, (indexes) => [...indexes, index]))
    .reduce((result, change) => change(result), start);
  const end = reindexed(keyed, dropped, created);
  return {
    words: `add-keys-${tableWords(start, end)}`,
    transactional: true,
    up: active(alterPostgres(withIndexes, end)),
    down: active(alterPostgres(end, start)),
    notes: [],
  };
}

function validateFile(
  keyed: Schema,
  safe: Schema,
  dropped: readonly StagedIndex[],
  created: readonly StagedIndex[],
): GeneratedFile {
  const start = reindexed(keyed, dropped, created);
  // The checks that prove NOT NULL must be there until it is set.
  const valid = validated(start);
  const required = withNullability(valid, safe);
  const up = [
    ...alterPostgres(start, valid),
    ...alterPostgres(valid, required),
    ...alterPostgres(required, safe),
  ];
  return {
    words: `validate-${tableWords(start, safe)}`,
    transactional: true,
    up: active(up),
    down: active(alterPostgres(safe, start)),
    notes: [],
  };
}

function validated(schema: Schema): Schema {
  const valid = <T extends { notValid?: boolean }>(list: readonly T[]): T[] =>
    list.map((one) => ({ ...one, notValid: undefined }));
  return {
    ...schema,
    tables: schema.tables.map((table) => ({
      ...table,
      checks: valid(table.checks),
      foreignKeys: valid(table.foreignKeys),
    })),
  };
}

function withNullability(schema: Schema, after: Schema): Schema {
  return {
    ...schema,
    tables: schema.tables.map((table) => {
      const twin = tableNamed(after, table.name);
      const columns = table.columns.map((column) => {
        const nullable = twin?.columns.find(({ name }) => name === column.name)?.nullable;
        return { ...column, nullable: nullable ?? column.nullable };
      });
      return { ...table, columns };
    }),
  };
}
