import { StudioError, exitCodes, systemCode } from "../../errors.ts";

const locked = {
  what: "another session holds a lock on a table",
  hint: "Wait until it is through, or stop the application, and try again.",
};

/** By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const refusals: Record<string, { what: string; hint: string }> = {
  "23503": {
    what: "a foreign key would not hold",
    hint: "Restore the table that it refers to in the same run, or the whole database.",
  },
  "23505": {
    what: "a unique constraint would not hold",
    hint: "Restore the tables that refer to this one in the same run: it is then filled anew.",
  },
  "23514": { what: "a check would not hold", hint: "Restore the whole database." },
  "23502": {
    what: "a column that must have a value has none",
    hint: "Restore the whole database.",
  },
  "55P03": locked,
  "40P01": locked,
};

interface ServerError {
  table?: unknown;
  schema?: unknown;
  constraint?: unknown;
}

/**
 * Says which constraint refused the rows. The server's own text is left out, since it holds values.
 * @returns null for an error of another kind
 */
export function explainRefusal(error: unknown): StudioError | null {
  const code = systemCode(error) ?? "";
  const value = code.startsWith("22") ? malformed : refusals[code];
  if (value === undefined || error instanceof StudioError) return null;
  const { schema, table, constraint } = error as ServerError;
  const place = [
    typeof table === "string" ? `${String(schema)}.${table}` : [],
    typeof constraint === "string" ? `constraint ${constraint}` : [],
  ].flat();
  const where = place.length === 0 ? "" : ` (${place.join(", ")})`;
  return new StudioError({
    code: "database.rowsRefused",
    message: `The rows of the dump were refused: ${value.what}${where}. Nothing was changed.`,
    hint: value.hint,
    exitCode: value === locked ? exitCodes.locked : exitCodes.checkFailed,
    details: { code, table, constraint },
  });
}

/** Class 22: data exceptions. */
const malformed = {
  what: "a column has another type now",
  hint: "Migrate back to the schema of the dump first, or restore the whole database.",
};
