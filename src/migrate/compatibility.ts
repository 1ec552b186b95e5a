import type { AppliedMigration } from "./journal.ts";
import type { MigrationListing } from "./source.ts";

export interface ReleaseCompatibility {
  /**
   * May a release run on the schema as it is?
   * - `same`: it knows every migration that was applied;
   * - `compatible`: it does not know some, and each of them says that it may;
   * - `reversible`: it may once the schema was reverted to `returnTo`;
   * - `blocked`: it may not, and the way back cannot be taken.
   */
  verdict: "same" | "compatible" | "reversible" | "blocked";
  /** The applied migrations that the release does not know, in the order of application. */
  extra: AppliedMigration[];
  /** Where `reversible`: the head for `migrateDown`; otherwise the present head. */
  returnTo: string | null;
}

/**
 * Judges whether a release may run on a schema that is newer than itself, for a rollback.
 * A migration is known when name and checksum agree, and can be reverted when its unedited file
 * is at hand and has a `down`.
 * @param input.applied the journal, in the order of application
 * @param input.knownToRelease the migrations that the release ships
 * @param input.available the files at hand
 */
export function releaseCompatibility(input: {
  applied: AppliedMigration[];
  knownToRelease: Pick<MigrationListing, "name" | "checksum">[];
  available: MigrationListing[];
}): ReleaseCompatibility {
  const { applied } = input;
  const isKnown = (row: AppliedMigration): boolean => matching(row, input.knownToRelease) !== null;
  const canRevert = (row: AppliedMigration): boolean =>
    row.reversible && matching(row, input.available) !== null;

  const head = applied.at(-1)?.name ?? null;
  const extra = applied.filter((row) => !isKnown(row));
  if (extra.length === 0) return { verdict: "same", extra, returnTo: head };
  const first = applied.findIndex((row) => !isKnown(row) && !row.compatible);
  if (first === -1) return { verdict: "compatible", extra, returnTo: head };
  // Reverting takes away everything from there on: nothing of it may belong to the release.
  const toRevert = applied.slice(first);
  if (toRevert.every((row) => !isKnown(row) && canRevert(row))) {
    return { verdict: "reversible", extra, returnTo: applied[first]?.parent ?? null };
  }
  return { verdict: "blocked", extra, returnTo: head };
}

function matching<T extends Pick<MigrationListing, "name" | "checksum">>(
  row: AppliedMigration,
  files: T[],
): T | null {
  return files.find((file) => file.name === row.name && file.checksum === row.checksum) ?? null;
}
