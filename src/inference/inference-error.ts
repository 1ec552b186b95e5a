import { StudioError, exitCodes } from "../errors.ts";

export type InferenceErrorCode =
  | "inference.queue.full"
  | "inference.draining"
  | "inference.deadline"
  | "inference.cancelled"
  | "inference.unavailable"
  | "inference.crashed"
  | "inference.failed"
  | "inference.input"
  | "model.missing";

/** Why a model gave no answer; the server turns the code into an HTTP status. */
export class InferenceError extends StudioError {
  declare readonly code: InferenceErrorCode;

  constructor(code: InferenceErrorCode, message: string, hint?: string) {
    super({ code, message, hint, exitCode: exitCodes.unavailable });
    this.name = "InferenceError";
  }
}
