import { InferenceError, type InferenceErrorCode } from "../inference/inference-error.ts";
import { VectorError, type VectorErrorCode } from "../inference/vectors/vector-error.ts";
import { RequestError } from "./request-error.ts";

export interface ErrorAnswer {
  status: number;
  body: { error: { code: string; message: string; hint?: string } };
  /** Seconds after which the same request may succeed. */
  retryAfter?: number;
}

const statuses: Record<InferenceErrorCode | VectorErrorCode, number> = {
  "inference.queue.full": 429,
  "inference.draining": 503,
  "inference.deadline": 504,
  "inference.cancelled": 499,
  "inference.unavailable": 503,
  "inference.crashed": 503,
  "inference.failed": 500,
  "inference.input": 400,
  "model.missing": 501,
  "vector.input": 400,
  "vector.filter": 400,
  "vector.item.missing": 404,
  "vector.item.exists": 409,
  "vector.engine": 503,
  "vector.collection.missing": 404,
  "vector.collection.differs": 409,
  "vector.tables.missing": 503,
  "vector.database": 503,
};

/** What the caller is told of an error: nothing of one that nobody foresaw. */
export function answerError(error: unknown): ErrorAnswer {
  if (error instanceof InferenceError || error instanceof VectorError) {
    const status = statuses[error.code];
    const answer = shape(status, error.code, error.message, error.hint);
    return status === 429 || status === 503 ? { ...answer, retryAfter: 1 } : answer;
  }
  if (error instanceof RequestError) {
    return shape(error.status, error.code, error.message, error.hint);
  }
  return answerFrameworkError(error);
}

interface FrameworkError {
  code?: unknown;
  statusCode?: unknown;
  validation?: unknown;
  message?: unknown;
}

function answerFrameworkError(error: unknown): ErrorAnswer {
  const { code, statusCode, validation, message } = (error ?? {}) as FrameworkError;
  if (validation !== undefined) return shape(400, "request.invalid", `${message as string}.`);
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return shape(413, "request.too_large", "The body of the request is larger than allowed.");
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    const hint = "Send JSON with the header `Content-Type: application/json`.";
    return shape(415, "request.media_type", "The body's content type is not supported.", hint);
  }
  if (code === "FST_ERR_HANDLER_TIMEOUT") {
    return shape(504, "request.timeout", "The answer took longer than the server allows.");
  }
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return shape(statusCode, "request.invalid", `${message as string}.`);
  }
  return shape(
    500,
    "internal",
    "The daemon failed to answer the request.",
    "Look for the x-request-id of this answer in the daemon's log.",
  );
}

function shape(status: number, code: string, message: string, hint?: string): ErrorAnswer {
  return { status, body: { error: { code, message, ...(hint === undefined ? {} : { hint }) } } };
}
