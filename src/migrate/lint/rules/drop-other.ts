import { type Rule, allowing, onAction } from "../rule.ts";

const changeType: Rule = {
  name: "change-type",
  summary: "Removes, renames or restricts a type, or a value or attribute of one.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres"],
  checkAction: onAction(["drop", "alterType"], (action) => {
    if (action.kind === "drop" && action.object !== "type") return null;
    const isDrop = action.kind === "drop";
    const type = isDrop ? action.name : action.type;
    const what = isDrop ? "is removed" : `is changed: this ${action.change}`;
    return {
      message:
        `The type ${type} ${what}. Statements of the running release that cast to it, or that ` +
        "write or compare a value by the old name, fail from here on.",
      rewrite: isDrop
        ? `1. Release a version that does not name ${type}.\n` +
          `2. In a release after it:\n   ${allowing("change-type")}\n   DROP TYPE ${type};`
        : "Add what is new beside what is there (ALTER TYPE … ADD VALUE, or a new type and a new " +
          "column of it), move the data in batches, and take the old name away in a later release.",
    };
  }),
};

const dropSchema: Rule = {
  name: "drop-schema",
  summary: "Removes or renames a schema, a database or an extension with all that is in it.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql"],
  checkAction: onAction(["drop", "rename"], ({ kind, object, name }) => {
    if (object !== "schema" && object !== "extension") return null;
    const verb = kind === "drop" ? "removed" : "renamed";
    return {
      message:
        `${name} is ${verb}: statements of the running release that use any table, type or ` +
        "function in it fail from here on.",
      rewrite:
        `1. Release a version that uses nothing of ${name}.\n` +
        `2. In a release after it, with the comment\n   ${allowing("drop-schema")}`,
    };
  }),
};

const dropSequence: Rule = {
  name: "drop-sequence",
  summary: "Removes or renames a sequence that the running release may draw numbers from.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql"],
  checkAction: onAction(["drop", "rename"], ({ object, name }) => {
    if (object !== "sequence") return null;
    return {
      message: `Statements of the running release that draw from ${name} fail from here on.`,
      rewrite:
        `1. Release a version that does not draw from ${name}.\n` +
        `2. In a release after it:\n   ${allowing("drop-sequence")}\n   DROP SEQUENCE ${name};`,
    };
  }),
};

const dropTrigger: Rule = {
  name: "drop-trigger",
  summary: "Removes or disables a trigger whose work the running release may rely on.",
  effect: "breaks",
  level: "warning",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["drop"], ({ object, name, table }, { known, later }) => {
    if (object !== "trigger") return null;
    const isSame = (other: string): boolean => known.key(other) === known.key(name);
    const isRecreated = later().some(
      (action) => action.kind === "create" && action.object === object && isSame(action.name),
    );
    if (isRecreated) return null;
    const place = table === null ? "" : ` on ${table}`;
    return {
      message:
        `What the running release writes${place} no longer goes through ${name}: columns that it ` +
        "filled stay empty, and copies that it kept fall behind.",
      rewrite:
        "1. Release a version that does the trigger's work itself, or does not need it.\n" +
        `2. In a release after it, with the comment\n   ${allowing("drop-trigger")}`,
    };
  }),
};

const dropCascade: Rule = {
  name: "drop-cascade",
  summary: "CASCADE removes whatever depends on the thing, without naming it.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres"],
  checkAction: onAction(
    ["dropTable", "dropColumn", "dropConstraint", "dropIndex", "drop", "removeRows"],
    (action) => {
      if (!action.cascade) return null;
      const isRows = action.kind === "removeRows";
      return {
        message: isRows
          ? `TRUNCATE ${action.table} CASCADE also empties every table that references it, and ` +
            "every one that references those."
          : "CASCADE also removes the views, foreign keys, defaults and functions that depend on " +
            "it; the running release may use them, and the list is only known when it runs.",
        rewrite: isRows
          ? "Leave CASCADE out and name each table that is to be emptied."
          : "Leave CASCADE out, and drop what depends on it by name in statements of their own.",
      };
    },
  ),
};

const restrictAccess: Rule = {
  name: "restrict-access",
  summary: "Takes rights, an owner or the sight of rows from a role the running release may use.",
  effect: "breaks",
  level: "warning",
  dialects: ["postgres", "mysql"],
  checkAction: onAction(["restrictAccess", "drop"], (action, { known, later }) => {
    const isPolicy = action.kind === "drop" && action.object === "policy";
    if (action.kind === "drop" && !isPolicy) return null;
    const what = action.kind === "drop" ? `DROP POLICY ${action.name}` : action.what;
    const isRecreated =
      action.kind === "drop" &&
      later().some(
        (other) =>
          other.kind === "create" &&
          other.object === "policy" &&
          known.key(other.name) === known.key(action.name),
      );
    if (isRecreated) return null;
    const place = action.table === null ? "" : ` on ${action.table}`;
    return {
      message:
        `After ${what}${place}, statements of the running release are refused, or see fewer rows, ` +
        "if it connects as a role that this concerns.",
      rewrite:
        "Check as which role the running release connects. If it is concerned, release a version " +
        `that connects as another first; if it is not, say so:\n   ${allowing("restrict-access")}`,
    };
  }),
};

export const otherDropRules: readonly Rule[] = [
  changeType,
  dropSchema,
  dropSequence,
  dropTrigger,
  dropCascade,
  restrictAccess,
];
