import type { CollectionRow } from "../stored/collections.ts";

/** A collection in memory, and the state of the database that it is at least as new as. */
export interface Copy {
  handle: number;
  /** Of the engine that holds it. */
  generation: number;
  epoch: string;
  revision: string;
  sequence: number;
  createdAt: string;
}

/** Does the copy hold all that the database held when the row was read? */
export function isUpToDate(copy: Copy, row: CollectionRow, generation: number): boolean {
  if (!isSame(copy, row, generation)) return false;
  return isNumbered(row) ? copy.sequence >= row.sequence : copy.revision === row.revision;
}

/** Do the changes since the copy, by their numbers, bring it up to date? */
export function canFollow(copy: Copy, row: CollectionRow, generation: number): boolean {
  return isSame(copy, row, generation) && isNumbered(row) && copy.sequence >= row.keptFrom;
}

/** The last change was made by a release that numbers them. */
function isNumbered(row: CollectionRow): boolean {
  return row.revision === row.sequenced;
}

function isSame(copy: Copy, row: CollectionRow, generation: number): boolean {
  return (
    copy.generation === generation && copy.epoch === row.epoch && copy.createdAt === row.createdAt
  );
}
