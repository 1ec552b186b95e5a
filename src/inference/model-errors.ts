import { InferenceError } from "./inference-error.ts";

export function draining(): InferenceError {
  const error = new InferenceError("inference.draining", "The daemon is stopping.");
  error.retryAfter = 1;
  return error;
}

export function unavailable(name: string): InferenceError {
  return new InferenceError(
    "inference.unavailable",
    `The model "${name}" is not ready.`,
    "See GET /health/ready, and the daemon's log for the reason.",
  );
}

/** To whoever holds a content whose place another has taken. */
export function exchanged(name: string): InferenceError {
  return new InferenceError(
    "inference.unavailable",
    `The model "${name}" was exchanged or unloaded meanwhile.`,
    "Try again.",
  );
}

/** @param reason why the last of them ended */
export function incomplete(name: string, reason: string | null): InferenceError {
  return new InferenceError(
    "inference.unavailable",
    `Not all workers of the model "${name}" became ready${reason === null ? "." : `: ${reason}.`}`,
    "Try again once they are: see POST /v2/repository/index.",
  );
}

export function queueFull(name: string, waiting: number, seconds: number): InferenceError {
  const error = new InferenceError(
    "inference.queue.full",
    `The queue of the model "${name}" is full (${waiting} rows wait).`,
    `Try again in ${seconds === 1 ? "a second" : `${seconds} seconds`}.`,
  );
  error.retryAfter = seconds;
  return error;
}

export function tooLarge(rows: number, capacity: number): InferenceError {
  return new InferenceError(
    "inference.too.large",
    `The request has ${rows} rows, and the queue of the model holds ${capacity}.`,
    "Send fewer rows at a time.",
  );
}

export function withoutRows(): InferenceError {
  return new InferenceError("inference.failed", "The model gave no row for each row of the batch.");
}

export function cancelled(): InferenceError {
  return new InferenceError("inference.cancelled", "The caller went away before the answer.");
}

/** @param said what did not come about, as the beginning of a sentence */
export function late(said: string, timeout: number): InferenceError {
  return new InferenceError(
    "inference.deadline",
    `${said} within ${Math.round(timeout)} ms.`,
    "Send smaller requests, or fewer at a time.",
  );
}
