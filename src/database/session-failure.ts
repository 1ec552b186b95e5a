import { StudioError, exitCodes, reasonOf, systemCode } from "../errors.ts";
import { type DatabaseAddress, describeDatabase, unreadableUrl } from "./address.ts";

interface Failure {
  pattern: RegExp;
  what: string;
  hint: string;
}

/** By system code, SQLSTATE (PostgreSQL, appendix A), or the names that SQLite and MySQL give. */
const failures: Failure[] = [
  {
    pattern: /^(28P01|28000|ER_ACCESS_DENIED_ERROR|ER_NOT_SUPPORTED_AUTH_MODE)$/,
    what: "refused the user or the password",
    hint: "Check the user and the password in the database URL.",
  },
  {
    pattern: /^(3D000|ER_BAD_DB_ERROR)$/,
    what: "has no database of that name",
    hint: "Create the database (`createdb NAME`, or CREATE DATABASE), or correct the name in the database URL.",
  },
  {
    pattern: /^(53300|57P0[123]|ER_CON_COUNT_ERROR|ER_SERVER_SHUTDOWN)$/,
    what: "accepts no connection at the moment",
    hint: "Wait until the server is up and has connections to spare, then run the command again.",
  },
  {
    pattern: /^(42501|ER_(DB|TABLE|COLUMN)?ACCESS_DENIED_ERROR|ER_DBACCESS_DENIED_ERROR)$/,
    what: "does not allow this user to do it",
    hint: "Give the user the right to create (GRANT CREATE ON SCHEMA …; in MySQL, ON DATABASE.*).",
  },
  {
    pattern:
      /^(25006|SQLITE_READONLY\w*|SQLITE_PERM|EROFS|ER_OPTION_PREVENTS_STATEMENT|ER_READ_ONLY_MODE)$/,
    what: "can only be read",
    hint: "Give write access to the database (for a SQLite file: to its folder too).",
  },
  {
    pattern: /^(SQLITE_CANTOPEN\w*|EACCES|ENOTDIR)$/,
    what: "cannot be opened",
    hint: "Check that the folder exists and that this user may write to it.",
  },
  {
    pattern: /^(SQLITE_NOTADB|SQLITE_CORRUPT\w*)$/,
    what: "is not a sound SQLite database",
    hint: "Check the path; if it is the right one, restore the file from a backup.",
  },
  {
    pattern: /^(SQLITE_FULL|SQLITE_IOERR\w*|ENOSPC|53100|ER_DISK_FULL|ER_RECORD_FILE_FULL)$/,
    what: "cannot be written: the disk is full or failing",
    hint: "Free some space on the disk, then run the command again.",
  },
  {
    pattern:
      /^(ECONN\w+|ENOTFOUND|EAI_AGAIN|E?TIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|ENOENT|08\w{3}|PROTOCOL_\w+)$/,
    what: "cannot be reached",
    hint: "Check the host and the port in the database URL, and that the server runs.",
  },
];

/** Driver errors that carry no code. */
const codeless: [RegExp, string][] = [
  [/directory does not exist/, "SQLITE_CANTOPEN"],
  [/timeout expired|connection timeout|Connection terminated|does not support SSL/, "ETIMEDOUT"],
  [/SASL|password must be a string/, "28P01"],
];

/**
 * Says why a database cannot be used: missing, read-only, unreachable, wrong credentials.
 * The driver's own error is left out, since it may hold the URL with its password.
 * @returns null when the error is of another kind
 */
export function databaseFailure(address: DatabaseAddress, error: unknown): StudioError | null {
  if (error instanceof StudioError) return null;
  if (systemCode(error) === "ERR_INVALID_URL") return unreadableUrl();
  const code = systemCode(error) ?? codeless.find(([text]) => text.test(reasonOf(error)))?.[1];
  const failure = failures.find(({ pattern }) => code !== undefined && pattern.test(code));
  if (failure === undefined) return null;
  return new StudioError({
    code: "database.unavailable",
    message: `The database ${describeDatabase(address)} ${failure.what} (${code}).`,
    hint: failure.hint,
    exitCode: exitCodes.unavailable,
    details: { code },
  });
}

/** Runs `work`, turning the failures of the database itself into a `StudioError` (exit 8). */
export async function reachingDatabase<T>(
  address: DatabaseAddress,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw databaseFailure(address, error) ?? error;
  }
}
