import { StudioError, exitCodes } from "../errors.ts";

export type InferenceErrorCode =
  | "inference.queue.full"
  | "inference.too.large"
  | "inference.draining"
  | "inference.deadline"
  | "inference.cancelled"
  | "inference.unavailable"
  | "inference.crashed"
  | "inference.stuck"
  | "inference.failed"
  | "inference.input"
  | "model.missing"
  | "model.unfit"
  | "model.unknown"
  | "model.unloadable"
  | "model.memory"
  | "image.empty"
  | "image.format"
  | "image.name"
  | "image.mismatch"
  | "image.damaged"
  | "image.too_large"
  | "image.input"
  | "batch.item"
  | "optimize.running";

/** Why a model gave no answer; the server turns the code into an HTTP status. */
export class InferenceError extends StudioError {
  declare readonly code: InferenceErrorCode;
  /** Seconds after which the same request may succeed, where that can be told. */
  retryAfter?: number;

  constructor(code: InferenceErrorCode, message: string, hint?: string) {
    super({ code, message, hint, exitCode: exitCodes.unavailable });
    this.name = "InferenceError";
  }
}

export function inputError(message: string, hint?: string): InferenceError {
  return new InferenceError("inference.input", message, hint);
}
