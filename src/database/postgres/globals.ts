import { hash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StudioError } from "../../errors.ts";
import type { LocatedProgram, PostgresPrograms, RunOptions } from "./programs.ts";
import { programFailed } from "./programs.ts";

export const globalsFile = "globals.sql";

/**
 * Writes the roles and tablespaces of the whole server to `globals.sql` of the shared folder.
 * @param rolePasswords with the hashes of passwords, which only a superuser may read
 */
export async function dumpGlobals(
  programs: PostgresPrograms,
  program: LocatedProgram,
  path: string,
  options: RunOptions & { rolePasswords: boolean; database: string },
): Promise<void> {
  const argv = [
    "--globals-only",
    "--no-sync",
    `--database=${options.database}`,
    `--file=${path}/${globalsFile}`,
    ...(options.rolePasswords ? [] : ["--no-role-passwords"]),
  ];
  const result = await programs.run(program, argv, options);
  if (result.exitCode !== 0) throw programFailed(program, result, "The roles cannot be dumped");
}

/**
 * Makes the file the same for the same roles, and readable by its owner alone. Newer versions of
 * pg_dumpall guard against commands of psql within the data by `\restrict KEY … \unrestrict KEY`,
 * with a random key; a hash of the content guards as well, because no content can hold its own.
 */
export async function stabiliseGlobals(folder: string): Promise<void> {
  const path = join(folder, globalsFile);
  const text = await readFile(path, "utf8");
  const content = text.replace(/^\\(un)?restrict .*$/gm, "\\$1restrict");
  const key = hash("sha256", content);
  // Written anew, so that it is never readable by others.
  await rm(path);
  await writeFile(path, content.replace(/^\\(un)?restrict$/gm, `\\$1restrict ${key}`), {
    mode: 0o600,
  });
}

/** True when the failure is about the globals alone, and the database itself can still be dumped. */
export function isRefused(error: unknown): boolean {
  return error instanceof StudioError && error.code === "database.programFailed";
}
