import type { ObjectKind, SchemaAction } from "../actions.ts";
import { type Problem, type Rule, type Scene, allowing, onAction } from "../rule.ts";
import { successorOf } from "../successor.ts";

const dropTable: Rule = {
  name: "drop-table",
  summary: "Removes a table that the running release may use.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["dropTable"], ({ table }, scene) => {
    if (successorOf({ table, movedTo: null }, scene) !== null) return null;
    return {
      message:
        `Every statement of the running release that reads or writes ${table} fails from here ` +
        "on, and the rows are gone: going back to that release does not bring them back.",
      rewrite:
        `1. Release a version that does not use ${table}.\n` +
        `2. In a release after it:\n   ${allowing("drop-table")}\n   DROP TABLE ${table};`,
    };
  }),
};

const dropColumn: Rule = {
  name: "drop-column",
  summary: "Removes a column that the running release may read or write.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["dropColumn"], ({ table, column }, { known }) => {
    if (known.isNewColumn(table, column)) return null;
    return {
      message:
        `Statements of the running release that name ${table}.${column} fail from here on, and ` +
        "so do those of a mapper that lists the columns it knew when it started.",
      rewrite:
        `1. Release a version that neither reads nor writes ${table}.${column}; give it a ` +
        "default first if it is NOT NULL.\n" +
        `2. In a release after it:\n   ${allowing("drop-column")}\n` +
        `   ALTER TABLE ${table} DROP COLUMN ${column};`,
    };
  }),
};

/** Is the object made again further on, so that no other session sees it absent? */
function isRecreated(object: ObjectKind, name: string, scene: Scene): boolean {
  if (!scene.transactional || scene.dialect === "mysql") return false;
  const isSame = (action: SchemaAction): boolean =>
    action.kind === "create" &&
    action.object === object &&
    scene.known.key(action.name) === scene.known.key(name);
  return scene.later().some(isSame);
}

const dropView: Rule = {
  name: "drop-view",
  summary: "Removes or renames a view that the running release may read.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["drop", "rename"], (action, scene) => {
    const { object, name } = action;
    if (object !== "view" && object !== "materialized view") return null;
    if (action.kind === "drop" && isRecreated(object, name, scene)) return null;
    return {
      message: `Queries of the running release on the ${object} ${name} fail from here on.`,
      rewrite:
        `1. Release a version that does not read ${name}; make a new view under another name ` +
        "for it if it needs one.\n" +
        `2. In a release after it:\n   ${allowing("drop-view")}\n` +
        `   DROP ${object.toUpperCase()} ${name};`,
    };
  }),
};

const replaceView: Rule = {
  name: "replace-view",
  summary: "Defines a view anew; the columns that it leaves out are gone for the running release.",
  effect: "breaks",
  level: "warning",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["create", "drop"], (action, scene) => {
    const { object, name } = action;
    if (object !== "view" && object !== "materialized view") return null;
    const isReplaced =
      action.kind === "create"
        ? action.replace && scene.dialect === "mysql"
        : isRecreated(object, name, scene);
    if (!isReplaced) return null;
    return {
      message:
        `If the new definition of ${name} leaves out a column, or gives it another type, the ` +
        "queries of the running release on it fail; the lint does not compare the two.",
      rewrite:
        "Keep every column under its name and type and put new ones behind them, or make the " +
        `new view under a name of its own and drop ${name} in a later release.` +
        (scene.dialect === "postgres"
          ? ` CREATE OR REPLACE VIEW ${name} lets PostgreSQL itself see to that.`
          : ""),
    };
  }),
};

const dropFunction: Rule = {
  name: "drop-function",
  summary: "Removes or renames a function or procedure that the running release may call.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql"],
  checkAction: onAction(["drop", "rename"], (action, scene): Problem | null => {
    const { object, name } = action;
    if (object !== "function") return null;
    if (action.kind === "drop" && isRecreated(object, name, scene)) {
      return {
        level: "warning",
        message:
          `If the new ${name} takes other arguments or returns another type, the calls of the ` +
          "running release fail; the lint does not compare the two.",
        rewrite:
          `Use CREATE OR REPLACE FUNCTION ${name}, which keeps the signature, or give the new ` +
          "function another name and drop this one in a later release.",
      };
    }
    return {
      message:
        `Statements of the running release that call ${name}() fail from here on, as do triggers ` +
        "and defaults that use it.",
      rewrite:
        `1. Release a version that does not call ${name}().\n` +
        `2. In a release after it:\n   ${allowing("drop-function")}\n   DROP FUNCTION ${name};`,
    };
  }),
};

export const dropRules: readonly Rule[] = [
  dropTable,
  dropColumn,
  dropView,
  replaceView,
  dropFunction,
];
