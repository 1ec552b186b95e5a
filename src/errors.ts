/** The exit codes of every command; each help text prints the ones its command uses. */
export const exitCodes = {
  done: 0,
  bug: 1,
  usage: 2,
  incomplete: 3,
  checkFailed: 4,
  undone: 5,
  notUndone: 6,
  locked: 7,
  unavailable: 8,
  inconclusive: 9,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeMeanings: Record<ExitCode, string> = {
  0: "done",
  1: "a bug in studio: please report it",
  2: "usage or configuration error; nothing was changed",
  3: "finished, but incomplete",
  4: "a check did not pass",
  5: "the operation failed and was undone: the system is as before",
  6: "the operation failed and could not be undone fully",
  7: "locked by another operation, or an unfinished one was found",
  8: "a required component is missing or unreachable",
  9: "the measurement is invalid or inconclusive",
  130: "interrupted by SIGINT",
  143: "interrupted by SIGTERM",
};

export interface StudioErrorFields {
  /** Stable, machine-readable: words joined by dots, e.g. `config.invalid`. */
  code: string;
  /** What happened and why, in full sentences, free of secrets. */
  message: string;
  /** What to type next. */
  hint?: string | undefined;
  exitCode: ExitCode;
  /** Further facts for `--json`; must be serialisable and free of secrets. */
  details?: unknown;
  cause?: unknown;
}

/** An error the operator can act on. Any other error that reaches the top is a bug. */
export class StudioError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;
  readonly details: unknown;

  constructor(fields: StudioErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = "StudioError";
    this.code = fields.code;
    this.hint = fields.hint;
    this.exitCode = fields.exitCode;
    this.details = fields.details;
  }
}

/** What was typed, or what the configuration says, cannot be carried out; nothing was changed. */
export function usageError(message: string, hint?: string): StudioError {
  return new StudioError({ code: "usage", message, hint, exitCode: exitCodes.usage });
}

/** The `code` of a system or library error (`ENOENT`, `SQLITE_BUSY`), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** One line that says what went wrong, whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
