import { StudioError, exitCodes } from "../../errors.ts";
import type { GroupResult } from "../../shell/process-group.ts";
import type { ProcessIdentity } from "../../shell/process-identity.ts";

export type ProgramName = "pg_dump" | "pg_dumpall" | "pg_restore";

export interface LocatedProgram {
  name: ProgramName;
  /** The path where it runs. */
  file: string;
  /** What `--version` says after the name: `15.18 (Debian 15.18-0+deb12u1)`. */
  version: string;
  major: number;
}

export interface RunOptions {
  /** The connection, with the password. */
  env: Record<string, string>;
  /** Told the process group before the program runs, so that it can be journaled. */
  onStart?: ((identity: ProcessIdentity) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A folder that the programs can reach, which may be a copy of the one it stands for. */
export interface SharedFolder {
  /** Its path where the programs run. */
  path: string;
  /** Brings what the programs wrote there into the folder it stands for. */
  collect(): Promise<void>;
  remove(): Promise<void>;
}

/** Where PostgreSQL's programs run: on this machine, or in the container of the server. */
export interface PostgresPrograms {
  /**
   * Finds a program that can speak to a server of `serverMajor`: of the same version, or the next
   * newer one, since what a newer pg_dump writes may not load into an older server.
   * @throws StudioError (exit 8) when there is none
   */
  locate(name: ProgramName, serverMajor: number): Promise<LocatedProgram>;
  run(program: LocatedProgram, argv: readonly string[], options: RunOptions): Promise<GroupResult>;
  /** Makes a folder reachable: with its content, or (`into`) to write to a new one. */
  share(folder: string, use: "read" | "write"): Promise<SharedFolder>;
}

/** Of several versions: the server's, else the oldest that is newer. */
export function chooseProgram(
  found: readonly LocatedProgram[],
  serverMajor: number,
): LocatedProgram | undefined {
  return found
    .filter(({ major }) => major >= serverMajor)
    .toSorted((one, other) => one.major - other.major)[0];
}

/** `15.18` and 15 of `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`; null for other text. */
export function parseProgramVersion(text: string): { version: string; major: number } | null {
  const found = /\(PostgreSQL\)\s+((\d+)\S*.*)/.exec(text.trim());
  if (found?.[1] === undefined) return null;
  return { version: found[1], major: Number(found[2]) };
}

/** @param found every version there is, all older than the server */
export function programMissing(
  name: ProgramName,
  serverMajor: number,
  found: readonly LocatedProgram[],
): StudioError {
  const newest = found.toSorted((one, other) => other.major - one.major)[0];
  return new StudioError({
    code: newest === undefined ? "database.programMissing" : "database.programTooOld",
    message:
      newest === undefined
        ? `${name}, which comes with PostgreSQL, is not installed.`
        : `The server is PostgreSQL ${serverMajor}, and ${newest.file} is of version ${newest.version}: an older ${name} cannot be used with a newer server.`,
    hint:
      `Install the client programs of PostgreSQL ${serverMajor}: on Debian and Ubuntu ` +
      `apt-get install postgresql-client-${serverMajor} (https://apt.postgresql.org has every ` +
      `version), on macOS brew install postgresql@${serverMajor}.`,
    exitCode: exitCodes.unavailable,
    details: {
      program: name,
      serverMajor,
      found: found.map(({ file, version }) => ({ file, version })),
    },
  });
}

/**
 * Says why a program failed, by its first line with "error:". The lines after it are left out:
 * they may hold statements with passwords, and rows.
 */
export function programFailed(
  program: LocatedProgram,
  result: GroupResult,
  doing: string,
): StudioError {
  const pattern = new RegExp(`^${program.name}: (?:\\[[^\\]]*\\] )?(?:error|fatal): (.+)$`);
  const reasons = result.lastLines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
  const reason =
    reasons[0] ??
    (result.signal === null ? `it ended with exit code ${result.exitCode}` : result.signal);
  const known = hints.find(([text]) => reasons.some((line) => text.test(line)));
  return new StudioError({
    code: "database.programFailed",
    message: `${doing}: ${program.name} failed: ${reason.replace(/[.:]?\s*$/, "")}.`,
    hint: known?.[1],
    exitCode: exitCodes.unavailable,
    details: { program: program.file, exitCode: result.exitCode, signal: result.signal },
  });
}

const hints: [RegExp, string][] = [
  [
    /could not obtain lock|lock timeout|canceling statement due to lock/,
    "A change of the schema holds or awaits a lock on a table. Run the command again when it is through.",
  ],
  [
    /permission denied|must be owner|must be superuser/,
    "Use a user that owns the database, or grant it what is missing (to read everything: GRANT pg_read_all_data).",
  ],
  [
    /No space left|disk full|could not extend file/,
    "Free some space on the disk, then run the command again.",
  ],
  [
    /server closed the connection|terminating connection|could not connect|Connection refused|connection to server/,
    "Check that the server runs, then run the command again.",
  ],
];
