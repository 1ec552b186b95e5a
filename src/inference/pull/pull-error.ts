import { type ExitCode, StudioError, exitCodes } from "../../errors.ts";

export type PullErrorCode =
  | "pull.source"
  | "pull.name"
  | "pull.exists"
  | "pull.size"
  | "pull.unsafe"
  | "pull.checksum"
  | "pull.unfit"
  | "pull.download"
  | "pull.locked";

const codes: Partial<Record<PullErrorCode, ExitCode>> = {
  "pull.checksum": exitCodes.checkFailed,
  "pull.unfit": exitCodes.checkFailed,
  "pull.download": exitCodes.unavailable,
  "pull.locked": exitCodes.locked,
};

/** Why a model was not fetched; what was there is as before. */
export function pullError(
  code: PullErrorCode,
  message: string,
  hint?: string,
  cause?: unknown,
): StudioError {
  return new StudioError({ code, message, hint, exitCode: codes[code] ?? exitCodes.usage, cause });
}

export function tooLarge(what: string, limit: number): StudioError {
  return pullError(
    "pull.size",
    `${what} is larger than ${limit} bytes.`,
    "Allow more with --max-size, where you expect a model of that size.",
  );
}
