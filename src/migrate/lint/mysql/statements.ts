import type { ObjectKind, SchemaAction } from "../actions.ts";
import { type Fields, fieldsOf, listOf, variantOf } from "../tree.ts";
import { readIndex } from "./alter-operation.ts";
import { copies, readDelete, readInsert, readRows, readTruncate, readUpdate } from "./rows.ts";
import { indexColumns, nameOf, readColumn, readTableConstraint } from "./syntax.ts";

type Reader = (fields: Fields, content: unknown) => SchemaAction[];

const nothing: Reader = () => [];

const readers: Readonly<Record<string, Reader>> = {
  AlterView: ({ name }) => create("view", nameOf(name), true),
  Commit: () => transaction("COMMIT"),
  CreateDatabase: nothing,
  CreateIndex: readCreateIndex,
  CreateSchema: nothing,
  CreateSequence: ({ name }) => create("sequence", nameOf(name), false),
  CreateTable: readCreateTable,
  CreateView: ({ name, or_replace: replace }) => create("view", nameOf(name), replace === true),
  Deallocate: nothing,
  Delete: readDelete,
  Drop: readDrop,
  DropFunction: ({ func_desc: list }) => dropRoutines(list),
  DropProcedure: ({ proc_desc: list }) => dropRoutines(list),
  DropTrigger: ({ trigger_name: name }) => drop("trigger", nameOf(name)),
  Explain: nothing,
  Flush: ({ read_lock: lock }) =>
    lock === true ? [{ kind: "lockTable", table: "every table", mode: "READ" }] : [],
  Grant: nothing,
  Insert: readInsert,
  LockTables: readLockTables,
  Query: (_, content) => readRows(content),
  RenameTable: (_, content) =>
    listOf(content).map((pair) => {
      const { old_name: table, new_name: to } = fieldsOf(pair);
      return { kind: "renameTable", table: nameOf(table), to: nameOf(to) };
    }),
  Revoke: readRevoke,
  Rollback: ({ savepoint }) => (savepoint === undefined ? transaction("ROLLBACK") : []),
  Set: (_, content) => readSettings(content),
  StartTransaction: () => transaction("START TRANSACTION"),
  Truncate: readTruncate,
  UnlockTables: nothing,
  Update: readUpdate,
  Use: nothing,
};

/** Throws on a statement that is not known here. */
export function readParsed(statement: unknown): SchemaAction[] {
  const [name, content] = variantOf(statement);
  const read = readers[name];
  if (read !== undefined) return read(fieldsOf(content), content);
  if (name.startsWith("Show") || name.startsWith("Explain")) return [];
  throw new Error(`studio does not know the command ${name}`);
}

/** CREATE INDEX … ALGORITHM=INSTANT or LOCK=NONE. */
export function isOnline(statement: unknown): boolean {
  const options = listOf(fieldsOf(variantOf(statement)[1])["alter_options"]);
  return options.some((option) => {
    const { algorithm, lock } = fieldsOf(variantOf(option)[1]);
    return algorithm === "Instant" || lock === "None";
  });
}

function readCreateTable(fields: Fields): SchemaAction[] {
  const table = nameOf(fields["name"]);
  const elements = listOf(fields["constraints"]);
  const constraints = elements.flatMap((element) => readTableConstraint(element) ?? []);
  const indexes = elements.flatMap((element) =>
    readTableConstraint(element) === null ? readIndex(table, element) : [],
  );
  const replaced: SchemaAction[] =
    fields["or_replace"] === true ? [{ kind: "dropTable", table, cascade: false }] : [];
  return [
    ...replaced,
    {
      kind: "createTable",
      table,
      ifNotExists: fields["if_not_exists"] === true,
      columns: listOf(fields["columns"]).map(readColumn),
      likeTables: fields["like"] === undefined ? [] : [likeTable(fields["like"])],
      isOpen: fields["query"] !== undefined,
      constraints,
      indexes: indexes.flatMap((action) =>
        action.kind === "addIndex" && action.index !== null
          ? [{ name: action.index, unique: false, columns: action.columns }]
          : [],
      ),
    },
    ...copies(table, fields["query"]),
  ];
}

/** `LIKE t`, or `(LIKE t)`. */
function likeTable(like: unknown): string {
  return nameOf(fieldsOf(variantOf(like)[1])["name"]);
}

function readCreateIndex(fields: Fields): SchemaAction[] {
  return [
    {
      kind: "addIndex",
      table: nameOf(fields["table_name"]),
      index: nameOf(fields["name"]),
      unique: fields["unique"] === true,
      concurrently: false,
      columns: indexColumns(fields),
      special: null,
    },
  ];
}

const droppedObjects: Readonly<Record<string, ObjectKind>> = {
  Database: "schema",
  Schema: "schema",
  Sequence: "sequence",
  View: "view",
};

function readDrop(fields: Fields): SchemaAction[] {
  const type = String(fields["object_type"]);
  return listOf(fields["names"]).flatMap((path): SchemaAction[] => {
    const name = nameOf(path);
    if (type === "Table") return [{ kind: "dropTable", table: name, cascade: false }];
    if (type === "Index") {
      const table = fields["table"] === undefined ? null : nameOf(fields["table"]);
      return [{ kind: "dropIndex", table, index: name, concurrently: false, cascade: false }];
    }
    const object = droppedObjects[type];
    if (object === undefined) throw new Error(`studio does not know DROP ${type.toUpperCase()}`);
    return drop(object, name);
  });
}

function dropRoutines(list: unknown): SchemaAction[] {
  return listOf(list).flatMap((routine) => drop("function", nameOf(fieldsOf(routine)["name"])));
}

function drop(object: ObjectKind, name: string): SchemaAction[] {
  return [{ kind: "drop", object, name, table: null, cascade: false }];
}

function create(object: ObjectKind, name: string, replace: boolean): SchemaAction[] {
  return [{ kind: "create", object, name, table: null, replace }];
}

function transaction(command: string): SchemaAction[] {
  return [{ kind: "transaction", command }];
}

function readLockTables(fields: Fields): SchemaAction[] {
  return listOf(fields["tables"]).map((lock) => {
    const { table, lock_type: type } = fieldsOf(lock);
    return {
      kind: "lockTable",
      table: nameOf(Array.isArray(table) ? table : fieldsOf(table)),
      mode: variantOf(type)[0].toUpperCase(),
    };
  });
}

function readRevoke(fields: Fields): SchemaAction[] {
  const [, tables] = variantOf(fields["objects"]);
  const names = listOf(tables).map(nameOf);
  const revoked: (string | null)[] = names.length === 0 ? [null] : names;
  return revoked.map((table) => ({ kind: "restrictAccess", table, what: "REVOKE" }));
}

function readSettings(content: unknown): SchemaAction[] {
  const [kind, fields] = variantOf(content);
  const { assignments, variable, values } = fieldsOf(fields);
  if (kind === "SingleAssignment") return [setting(variable, listOf(values)[0])];
  return listOf(assignments).map((assignment) => {
    const { name, value } = fieldsOf(assignment);
    return setting(name, value);
  });
}

/** With ON and OFF as 1 and 0. */
function setting(name: unknown, expression: unknown): SchemaAction {
  const fields = fieldsOf(expression);
  const [, constant] = variantOf(fieldsOf(fields["Value"])["value"]);
  const written = Array.isArray(constant)
    ? constant[0]
    : (constant ?? nameOf(fields["Identifier"]));
  const value = String(written).toLowerCase();
  const switched = { on: "1", off: "0", true: "1", false: "0" }[value];
  return { kind: "setting", name: nameOf(name).toLowerCase(), value: switched ?? value };
}
