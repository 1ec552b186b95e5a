import type { MigrateInput } from "../run.ts";
import type { RehearsalPlace } from "./report.ts";

/** What a copy of the database needs; SQLite needs none of it. */
export interface CloneMeans {
  /** The operator's environment: PATH finds the programs of PostgreSQL or MySQL. */
  env: Record<string, string | undefined>;
  /** A folder for temporary files, which only its owner can read, with room for the data. */
  scratch: string;
  /** Told what is being done, in sentences. */
  say?: (line: string) => void;
}

/** What it takes to make a copy. */
export type CloneInput = Pick<
  RehearsalInput,
  "database" | "lockTimeout" | "signal" | "now" | "clone" | "largestTable"
>;

export interface RehearsalInput extends MigrateInput {
  /** The last migration to try; default: all that are pending. */
  to?: string;
  /** Default: in a transaction on PostgreSQL, else on a copy. */
  on?: RehearsalPlace;
  /** How long the transaction may hold locks on the live database; default 30,000. */
  maxMilliseconds?: number;
  /** On PostgreSQL and MySQL: for a copy. */
  clone?: CloneMeans;
  /** MySQL: tables larger than so many bytes are copied without their rows; default 1 GiB. */
  largestTable?: number;
}
