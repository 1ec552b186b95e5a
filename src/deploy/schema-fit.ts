import { StudioError, exitCodes } from "../errors.ts";
import type { ReleaseRecord } from "./release.ts";

export interface SchemaFitInput {
  snapshot: { id: string; schemaHead: string | null; release: string | null };
  /** The release that will use the restored database. */
  release: ReleaseRecord;
  /** Whether the operator wants the schema brought to that of the release. */
  migrate: boolean;
  /** Whether the operator wants the database whatever its schema. */
  any: boolean;
}

export interface SchemaFit {
  /** The migration that the restored database has to be brought to; null: it stays as it is. */
  head: string | null;
  /** What the operator should know although it was asked for. */
  remark: string | null;
}

/**
 * A database of another time has the schema of another time.
 * @throws StudioError (exit 4) where the release cannot use it, naming the way that fits
 */
export function fitSchema({ snapshot, release, migrate, any }: SchemaFitInput): SchemaFit {
  const { id, schemaHead: head } = snapshot;
  const { schemaHead: needed } = release;
  if (head === needed) return { head: null, remark: null };
  const isKnown = head === null || release.migrations.some(({ name }) => name === head);
  if (migrate && isKnown && needed !== null) return { head: needed, remark: null };
  const message = `Snapshot ${id} has the schema at ${head ?? "its very beginning"}, and release ${release.id} needs ${needed ?? "an empty one"}.`;
  if (any) return { head: null, remark: `${message} ${wayOn(snapshot, isKnown, needed)}` };
  throw new StudioError({
    code: "restore.schemaMismatch",
    message,
    hint: isKnown
      ? `Add --migrate: it brings the restored database up, as \`studio migrate up --to ${needed}\` does. Or add --any-schema to leave it as it is.`
      : `${wayOn(snapshot, isKnown, needed)} Or add --any-schema to put it back as it is.`,
    exitCode: exitCodes.checkFailed,
    details: { snapshot: id, schemaHead: head, release: release.id, needed },
  });
}

function wayOn(
  { release }: SchemaFitInput["snapshot"],
  isKnown: boolean,
  needed: string | null,
): string {
  const way = isKnown ? "up" : "down";
  const migrate = `studio migrate ${way}${needed === null ? "" : ` --to ${needed}`}`;
  const rollback = `studio rollback${release === null ? "" : ` ${release}`}`;
  return `\`${rollback}\` returns to a release that fits, \`${migrate}\` brings the schema ${way}.`;
}
