export interface LockMode {
  /** As pg_locks names it: `AccessExclusiveLock`. */
  id: string;
  /** As the manual and SQL name it. */
  name: string;
  /** From 1, weakest, to 8; also its number in a parsed LOCK TABLE. */
  strength: number;
  /** Conflicts with what a SELECT takes. */
  blocksReaders: boolean;
  /** Conflicts with what INSERT, UPDATE and DELETE take. */
  blocksWriters: boolean;
}

/**
 * The locks on tables, weakest first. A reader takes ACCESS SHARE, a writer ROW EXCLUSIVE.
 * https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
 */
const names = [
  "ACCESS SHARE",
  "ROW SHARE",
  "ROW EXCLUSIVE",
  "SHARE UPDATE EXCLUSIVE",
  "SHARE",
  "SHARE ROW EXCLUSIVE",
  "EXCLUSIVE",
  "ACCESS EXCLUSIVE",
] as const;

export type LockModeName = (typeof names)[number];

export const lockModes: readonly LockMode[] = names.map((name, index) => ({
  id: idOf(name),
  name,
  strength: index + 1,
  blocksReaders: name === "ACCESS EXCLUSIVE",
  blocksWriters: ["SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"].includes(name),
}));

/** @throws for a word that is no lock on a table */
export function lockMode(nameOrId: string): LockMode {
  const found = lockModes.find(({ id, name }) => id === nameOrId || name === nameOrId);
  if (found === undefined) throw new Error(`there is no lock mode ${nameOrId}`);
  return found;
}

/** `AccessExclusiveLock` of `ACCESS EXCLUSIVE`. */
function idOf(name: string): string {
  const words = name.split(" ").map((word) => `${word[0]}${word.slice(1).toLowerCase()}`);
  return `${words.join("")}Lock`;
}
