import type { RehearsedStatement } from "../report.ts";
import type { ParsedStatement } from "./parse.ts";
import { type Relation, type Relations, displayName, isIndex } from "./relations.ts";

/** A relation as it is after a statement. */
interface Present {
  oid: string;
  /** Null where it was dropped. */
  file: string | null;
  name: string | null;
}

/** Follows the files and the names of the relations that were there before. */
export class FileChanges {
  readonly #existing: Relations;
  readonly #files: Map<string, string>;
  /** Those that were renamed since, by their names of now. */
  readonly #renamed = new Map<string, Relation>();

  constructor(existing: Relations) {
    this.#existing = existing;
    this.#files = new Map([...existing.all()].map(({ oid, file }) => [oid, file]));
  }

  /** By the name that a statement of now uses. */
  find(schema: string | null, name: string): Relation | undefined {
    return this.#existing.find(schema, name) ?? this.#renamed.get(name);
  }

  /**
   * Tells what a statement wrote anew: tables, and indexes of tables that it left as they were.
   * @returns all of them
   */
  note(
    statement: RehearsedStatement,
    present: readonly Present[],
    statements: readonly ParsedStatement[],
  ): Relation[] {
    const changed = present.flatMap((one) => this.#changed(one) ?? []);
    const tables = changed.filter((relation) => !isIndex(relation));
    const truncates = (relation: Relation) => isTruncated(relation, statements);
    statement.truncated.push(...namesOf(tables.filter(truncates)));
    statement.rewritten.push(...namesOf(tables.filter((relation) => !truncates(relation))));
    const alone = changed.filter(
      (relation) => isIndex(relation) && !tables.includes(this.#existing.owner(relation)),
    );
    statement.reindexed.push(...namesOf(alone));
    return changed;
  }

  #changed({ oid, file, name }: Present): Relation | null {
    const relation = this.#existing.get(oid);
    if (relation === undefined || file === null) return null;
    if (name !== null && name !== relation.name) this.#renamed.set(name, relation);
    if (this.#files.get(oid) === file) return null;
    this.#files.set(oid, file);
    return relation;
  }
}

/** TRUNCATE gives a table a new, empty file; with CASCADE also to those that it does not name. */
function isTruncated({ name }: Relation, statements: readonly ParsedStatement[]): boolean {
  const truncating = statements.filter(({ kind }) => kind === "TruncateStmt");
  if (truncating.length === 0) return false;
  if (truncating.length === statements.length) return true;
  const named = truncating.flatMap(({ node }) => node.relations ?? []);
  return named.some(({ RangeVar: table }) => table?.relname === name);
}

function namesOf(relations: readonly Relation[]): string[] {
  return [...new Set(relations.map(displayName))].sort();
}
