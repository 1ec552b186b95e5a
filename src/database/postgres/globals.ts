import { hash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StudioError } from "../../errors.ts";
import type { ProcessIdentity } from "../../shell/process-identity.ts";
import type { DatabaseAddress } from "../address.ts";
import { connectionVariables } from "./connection.ts";
import type { PostgresDumpRecord } from "./dump-record.ts";
import type { LocatedProgram, PostgresPrograms, RunOptions } from "./programs.ts";
import { programFailed } from "./programs.ts";
import type { Snapshot } from "./snapshot.ts";

const globalsFile = "globals.sql";

interface GlobalsOptions {
  address: DatabaseAddress;
  programs: PostgresPrograms;
  rolePasswords?: boolean;
  signal?: AbortSignal | undefined;
  onStart?: (identity: ProcessIdentity) => void;
}

/**
 * Writes the roles and tablespaces of the whole server to `globals.sql` of the shared folder.
 * @param rolePasswords with the hashes of passwords, which only a superuser may read
 */
async function dumpGlobals(
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

/** Removes what a dump of the globals that failed may have begun. */
export async function removeGlobals(folder: string): Promise<void> {
  await rm(join(folder, globalsFile), { force: true });
}

/** Some hosted servers let nobody read the roles: the database is then dumped without them. */
export async function tryGlobals(
  snapshot: Snapshot,
  path: string,
  options: GlobalsOptions,
  warnings: string[],
): Promise<PostgresDumpRecord["globals"]> {
  const { address, programs, onStart, signal } = options;
  const rolePasswords = options.rolePasswords === true && snapshot.server.isSuperuser;
  if (options.rolePasswords === true && !rolePasswords) {
    warnings.push(
      `The passwords of the roles are not in the dump: ${snapshot.server.user} is no superuser.`,
    );
  }
  const { database } = snapshot;
  const env = await connectionVariables(address);
  try {
    const program = await programs.locate("pg_dumpall", snapshot.server.major);
    const run = { env, onStart, signal, rolePasswords, database };
    await dumpGlobals(programs, program, path, run);
    return { file: globalsFile, rolePasswords };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof StudioError) || error.code !== "database.programFailed") throw error;
    warnings.push(`The roles of the server are not in the dump. ${error.message}`);
    return null;
  }
}
