import { suggest } from "../../../config/suggest.ts";
import { type MigrationProblem, type Rule, allowing, onAction } from "../rule.ts";

const unparsed: Rule = {
  name: "unparsed",
  summary: "The parser cannot read the statement, so nothing is known of what it does.",
  effect: "unknown",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["unreadable"], ({ reason }, { dialect }) => ({
    message:
      `The statement cannot be read (${reason}), so it counts as one that the running release does ` +
      `not survive.${dialect === "mysql" ? " The parser does not know all of MySQL's and MariaDB's SQL." : ""}`,
    rewrite: `Correct it; or, if the database understands it and it is safe, say so:\n   ${allowing("unparsed")}`,
  })),
};

const hidden: Rule = {
  name: "hidden",
  summary: "What a block, a routine or a program does with the schema cannot be seen from outside.",
  effect: "unknown",
  level: "warning",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["hidden"], ({ what }) => ({
    message: `The lint cannot see what is changed by ${what}; it counts as nothing.`,
    rewrite:
      "Write its statements out where that is possible; otherwise read it with the other rules in " +
      `mind, declare in the migration whether it is compatible, and say so:\n   ${allowing("hidden")}`,
  })),
  checkMigration({ migration }): MigrationProblem[] {
    const { stoppedBy = null, readsData } = migration;
    if (stoppedBy !== null) return [stoppedProblem(stoppedBy)];
    return readsData ? [readingProblem] : [];
  },
};

const readingProblem: MigrationProblem = {
  statement: null,
  message:
    "The migration reads data from the database; what it does depending on it is not among the " +
    "statements that the lint was given.",
  rewrite: "Declare in the migration whether it is compatible, and allow the rule hidden for it.",
};

function stoppedProblem(reason: string): MigrationProblem {
  return {
    statement: null,
    level: "error",
    message: `Without a database, the program came only so far: ${reason}. What it does after that is not known.`,
    rewrite:
      "Write the migration in SQL; or declare in it whether it is compatible, and allow the rule " +
      "hidden for it.",
  };
}

export const unknownRule: Rule = {
  name: "unknown-rule",
  summary: "An author allows a rule that does not exist: what was meant is not allowed.",
  effect: "unknown",
  level: "warning",
  dialects: ["postgres", "mysql", "sqlite"],
};

export const declaredCompatible: Rule = {
  name: "declared-compatible",
  summary:
    "The migration says that the release before it may run on, and the lint finds otherwise.",
  effect: "breaks",
  level: "warning",
  dialects: ["postgres", "mysql", "sqlite"],
};

/** @param known the names of all rules */
export function unknownRuleProblem(names: readonly string[], known: readonly string[]) {
  const list = names.map((name) => `"${name}"`).join(", ");
  const meant = names.flatMap((name) => suggest(name, known) ?? []);
  const hint = meant.length === 0 ? "" : ` Perhaps ${meant.join(", ")} is meant.`;
  return {
    message: `${list} is no rule of the lint, so nothing is allowed by it.`,
    rewrite:
      `Write one rule or several, with commas between them, and the reason behind them:${hint}\n` +
      `   ${allowing("RULE, RULE")}`,
  };
}

export function declaredCompatibleProblem(rules: readonly string[]) {
  return {
    message:
      "The author declares the migration compatible, which is believed; the lint finds against it: " +
      `${rules.join(", ")}.`,
    rewrite:
      "If the author is right, allow these rules where they were found, with the reason. If not, " +
      "declare it as not compatible.",
  };
}

export const unknownRules: readonly Rule[] = [unparsed, hidden, unknownRule, declaredCompatible];
