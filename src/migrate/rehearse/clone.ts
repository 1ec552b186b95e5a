import type { DatabaseAddress } from "../../database/address.ts";
import type { CloneInput } from "./rehearsal-input.ts";

/** A copy of a database that nobody else uses. */
export interface Clone {
  address: DatabaseAddress;
  /** What the copy lacks, in sentences. */
  notes: string[];
  /** Tables that were copied without their rows. */
  emptyTables: string[];
  /**
   * Removes it.
   * @returns what is left, in a sentence, where that failed
   */
  remove(): Promise<string | null>;
}

/** `nothing`: an empty database with the settings of the original. */
export type CloneContents = "everything" | "nothing";

/**
 * Copies the database, and removes what an earlier process left that is no more. To be called with
 * the migration lock held, so that the schema stays as it is meanwhile.
 */
export async function openClone(input: CloneInput, contents: CloneContents): Promise<Clone> {
  const { dialect } = input.database;
  if (dialect === "postgres") {
    const { clonePostgres } = await import("./postgres/clone.ts");
    return clonePostgres(input, contents);
  }
  if (dialect === "mysql") {
    const { cloneMysql } = await import("./mysql/clone.ts");
    return cloneMysql(input, contents);
  }
  const { cloneSqlite } = await import("./sqlite/clone.ts");
  return cloneSqlite(input, contents);
}
