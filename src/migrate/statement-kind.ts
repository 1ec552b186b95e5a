/**
 * What a statement does to a migration that is committed statement by statement:
 * - `read`: nothing, it may be asked again;
 * - `control`: it begins or ends a transaction, or sets something for the connection;
 * - `data`: it changes rows, and can share a transaction with the journal;
 * - `definition`: anything else, which may commit by itself.
 */
export type StatementKind = "read" | "control" | "data" | "definition";

const words: Record<string, StatementKind> = {
  select: "read",
  show: "read",
  explain: "read",
  describe: "read",
  desc: "read",
  pragma: "read",
  values: "read",
  table: "read",
  begin: "control",
  start: "control",
  commit: "control",
  rollback: "control",
  end: "control",
  savepoint: "control",
  release: "control",
  set: "control",
  use: "control",
  insert: "data",
  update: "data",
  delete: "data",
  replace: "data",
  merge: "data",
  load: "data",
};

export function kindOfStatement(sql: string): StatementKind {
  return words[firstWord(sql)] ?? "definition";
}

/** The first word of a statement in lower case, after its comments. */
export function firstWord(sql: string): string {
  let rest = sql.trimStart();
  for (;;) {
    const end = endOfComment(rest);
    if (end === null) break;
    rest = rest.slice(end).trimStart();
  }
  return /^[a-z]+/i.exec(rest)?.[0].toLowerCase() ?? "";
}

function endOfComment(text: string): number | null {
  if (text.startsWith("--") || text.startsWith("#")) {
    const line = text.indexOf("\n");
    return line < 0 ? text.length : line + 1;
  }
  // MySQL runs what is in comments that begin with an exclamation mark.
  if (!text.startsWith("/*") || text.startsWith("/*!")) return null;
  const end = text.indexOf("*/");
  return end < 0 ? text.length : end + 2;
}

/** How a statement changes the depth of transactions: BEGIN opens one, COMMIT and ROLLBACK end it. */
export function transactionChange(sql: string): "opens" | "ends" | null {
  const word = firstWord(sql);
  if (word === "begin" || word === "start") return "opens";
  if (word === "commit" || word === "end") return "ends";
  // ROLLBACK TO a savepoint stays inside.
  return word === "rollback" && !/^\s*rollback\s+(work\s+|transaction\s+)?to\b/i.test(sql)
    ? "ends"
    : null;
}
