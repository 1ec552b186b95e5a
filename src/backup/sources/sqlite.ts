import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { copySqlite } from "../../database/dump-sqlite.ts";
import { StudioError, exitCodes } from "../../errors.ts";
import { copiesFolder } from "../format/layout.ts";
import type { Member, Source } from "./source.ts";
import { memberOf } from "./stat-member.ts";

export interface SqliteSourceOptions {
  /** Absolute path of the database. */
  file: string;
  /** What the copy is called inside the snapshot: letters, digits, dashes. */
  label: string;
}

/** Where the copy of a database lies inside a snapshot: a folder that no project uses itself. */
function sqliteMemberPath(label: string): string {
  return `${copiesFolder}${label}.sqlite3`;
}

/**
 * A SQLite database as one consistent file, taken while others write to it. The file itself, its
 * write-ahead log and its shared memory are never copied.
 */
export function sqliteSource({ file, label }: SqliteSourceOptions): Source {
  const exists = (): Promise<boolean> => stat(file).then(isUsed, () => false);
  return {
    kind: "sqlite",
    owns: [file, `${file}-wal`, `${file}-shm`, `${file}-journal`],
    isEmpty: async () => !(await exists()),
    async *members(context): AsyncGenerator<Member[]> {
      const path = sqliteMemberPath(label);
      if (!(await exists())) {
        context.vanish(path);
        return;
      }
      const copy = join(context.scratch, `${label}.sqlite3`);
      await mkdir(context.scratch, { recursive: true, mode: 0o700 });
      const { problems, tables } = await copySqlite(file, copy, { signal: context.signal });
      if (problems.length > 0) throw unsound(file, problems);
      const { uid, gid, mode } = await stat(file);
      const member = memberOf(path, copy, await stat(copy));
      if (member?.type !== "file") throw new Error(`${copy} is no file.`);
      yield [{ ...member, uid, gid, mode: mode & 0o7777 }];
      context.database({ label, dialect: "sqlite", path, tables });
    },
  };
}

function isUsed(stats: { size: number }): boolean {
  return stats.size > 0;
}

function unsound(file: string, problems: string[]): StudioError {
  return new StudioError({
    code: "backup.databaseUnsound",
    message: `The SQLite database ${file} is damaged: ${problems[0]}.`,
    hint: "Restore the database from an earlier snapshot: studio backup list.",
    exitCode: exitCodes.checkFailed,
    details: { problems },
  });
}
