import type { ConflictPolicy } from "../../backup/restore/conflict-policies.ts";
import type { ReleaseRecord } from "../release.ts";
import type { Notice } from "../target.ts";

export interface RestoreOptions {
  snapshot: string;
  paths: string[];
  target: string;
  conflict: ConflictPolicy;
  /** Puts the whole database back. */
  database: boolean;
  /** Puts the rows of single tables back. */
  tables: string[];
  /** Brings the restored schema to that of the release. */
  migrate: boolean;
  /** Puts the database back although the release needs another schema. */
  anySchema: boolean;
  include: string[];
  exclude: string[];
  /** Absolute paths of age identity files. */
  identityFiles: string[];
  message: string | null;
}

export interface RestoreInput extends Omit<RestoreOptions, "message" | "tables"> {
  /** Of the operation: names what is kept. */
  id: string;
  keepReplacedIn: string;
  /** Nothing is at the target that could be replaced. */
  fresh: boolean;
  /** The release that has to be stopped while its database is replaced; null: none serves. */
  release: ReleaseRecord | null;
  /** What the operator let it tell the public, which it goes on with; absent: nothing, it served. */
  notice?: Notice;
  /** What the restored schema is brought to, and the release that brings it; null: it stays. */
  schema: { head: string; release: ReleaseRecord } | null;
  tables: { name: string; existed: boolean }[];
  /** What the operator should know of the schema. */
  remark: string | null;
}

/** A restore of the database, or of tables, touches no file unless paths are named. */
export const restoresFiles = (
  input: Pick<RestoreOptions, "database" | "paths"> & { tables: readonly unknown[] },
): boolean => input.paths.length > 0 || !(input.database || input.tables.length > 0);
