import type { AppliedMigration } from "../../../src/migrate/journal.ts";
import type { MigrationListing } from "../../../src/migrate/source.ts";

/** A migration, with what the journal says of it once it is applied. */
export interface MigrationFile extends MigrationListing {
  compatible: boolean;
  reversible: boolean;
}

/** A migration file `20260101T00000<n>Z-step` with plausible values. */
export function migrationFile(number: number, values: Partial<MigrationFile> = {}): MigrationFile {
  const name = `20260101T${String(number).padStart(6, "0")}Z-step`;
  const file = `/project/migrations/${name}.ts`;
  return {
    name,
    file,
    files: [file],
    checksum: `checksum of ${number}`,
    compatible: false,
    reversible: true,
    origin: "project",
    ...values,
  };
}

/** The journal after the files were applied in the order given. */
export function journalOf(files: MigrationFile[]): AppliedMigration[] {
  return files.map((file, index) => ({
    sequence: index + 1,
    name: file.name,
    checksum: file.checksum,
    parent: files[index - 1]?.name ?? null,
    origin: file.origin,
    compatible: file.compatible === true,
    reversible: file.reversible,
    startedAt: "2026-02-01T00:00:00.000Z",
    finishedAt: "2026-02-01T00:00:01.000Z",
    status: "applied",
    progress: null,
    toolVersion: "1.0.0",
    user: "ada",
    host: "studio",
  }));
}
