import { linkSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { usageError } from "../errors.ts";
import { identifierTime, timestampOf } from "../identifier.ts";
import type { MigrationListing } from "./source.ts";

export interface MovedMigration {
  name: string;
  /** Absolute paths. */
  from: string;
  to: string;
}

/**
 * Gives the file of a pending migration a later name, with the time `now`, or one second after the
 * latest migration where that is later still.
 */
export function moveMigration(
  migration: MigrationListing,
  all: readonly MigrationListing[],
  now: Date,
): MovedMigration {
  const { name, file } = migration;
  const words = name.slice(name.indexOf("-") + 1);
  const latest = all.at(-1)?.name.split("-")[0] ?? "";
  const own = timestampOf(now);
  const time = own > latest ? own : timestampOf(new Date(identifierTime(latest).getTime() + 1000));
  const moved = `${time}-${words}`;
  const to = join(dirname(file), basename(file).replace(name, moved));
  try {
    // Unlike a rename, a link never replaces what is there.
    linkSync(file, to);
  } catch {
    throw usageError(`${to} cannot be made from ${file}.`, "Rename the file by hand.");
  }
  unlinkSync(file);
  return { name: moved, from: file, to };
}
