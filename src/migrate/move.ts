import { linkSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { usageError } from "../errors.ts";
import { nextTime } from "./next-time.ts";
import type { MigrationListing } from "./source.ts";

export interface MovedMigration {
  name: string;
  /** Absolute paths; of a pair, those of the file for up. */
  from: string;
  to: string;
}

/**
 * Gives the files of a pending migration a later name, with the time `now`, or one second after the
 * latest migration where that is later still.
 */
export function moveMigration(
  migration: MigrationListing,
  all: readonly MigrationListing[],
  now: Date,
): MovedMigration {
  const { name, file, files } = migration;
  const words = name.slice(name.indexOf("-") + 1);
  const moved = `${nextTime(now, all.at(-1)?.name ?? null)}-${words}`;
  const placeOf = (one: string) => join(dirname(one), basename(one).replace(name, moved));
  const made: string[] = [];
  try {
    for (const one of files) {
      // Unlike a rename, a link never replaces what is there.
      linkSync(one, placeOf(one));
      made.push(placeOf(one));
    }
  } catch {
    for (const one of made) unlinkSync(one);
    throw usageError(`${placeOf(file)} cannot be made from ${file}.`, "Rename the file by hand.");
  }
  for (const one of files) unlinkSync(one);
  return { name: moved, from: file, to: placeOf(file) };
}
