import { InferenceError, type InferenceErrorCode } from "../inference/inference-error.ts";
import { VectorError, type VectorErrorCode } from "../inference/vectors/vector-error.ts";
import type { Failure, FieldError } from "./problem.ts";
import { RequestError } from "./request-error.ts";

const statuses: Record<InferenceErrorCode | VectorErrorCode, number> = {
  "inference.queue.full": 429,
  "inference.too.large": 413,
  "inference.draining": 503,
  "inference.deadline": 504,
  "inference.cancelled": 499,
  "inference.unavailable": 503,
  "inference.crashed": 503,
  "inference.stuck": 503,
  "inference.refused": 422,
  "inference.failed": 500,
  "inference.input": 400,
  "model.missing": 501,
  "model.unfit": 501,
  "model.unknown": 404,
  "model.unloadable": 422,
  "model.memory": 503,
  "image.empty": 400,
  "image.format": 415,
  "image.name": 400,
  "image.mismatch": 415,
  "image.damaged": 422,
  "image.too_large": 413,
  "image.input": 400,
  "batch.item": 400,
  "optimize.running": 409,
  "vector.input": 400,
  "vector.filter": 400,
  "vector.item.missing": 404,
  "vector.item.exists": 409,
  "vector.engine": 503,
  "vector.collection.missing": 404,
  "vector.collection.differs": 409,
  "vector.tables.missing": 503,
  "vector.database": 503,
  "vector.storage": 507,
};

/** What the caller is told of an error: nothing of one that nobody foresaw. */
export function answerError(error: unknown): Failure {
  if (error instanceof InferenceError || error instanceof VectorError) {
    const { code, message: detail, hint } = error;
    const status = statuses[code];
    const after = error instanceof InferenceError ? error.retryAfter : undefined;
    const retryAfter = status === 429 || status === 503 ? (after ?? 1) : undefined;
    return { status, code, detail, hint, retryAfter };
  }
  if (error instanceof RequestError) {
    const { status, code, message: detail, hint, errors, headers, retryAfter } = error;
    return { status, code, detail, hint, errors, headers, retryAfter };
  }
  return answerFrameworkError(error ?? {});
}

interface FrameworkError {
  code?: unknown;
  statusCode?: unknown;
  validation?: readonly SchemaError[];
  validationContext?: string;
  message?: unknown;
}

/** What ajv says of a value that does not fit its schema. */
interface SchemaError {
  instancePath: string;
  message?: string;
  params: Record<string, unknown>;
}

function answerFrameworkError(error: FrameworkError): Failure {
  const { code, statusCode, validation, message } = error;
  if (validation !== undefined) return invalid(error, validation);
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return tooLarge;
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return {
      status: 415,
      code: "request.media_type",
      detail: "The body's content type is not supported.",
      hint: "Send JSON with the header `Content-Type: application/json`.",
    };
  }
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return { status: statusCode, code: "request.invalid", detail: sentence(message as string) };
  }
  return {
    status: 500,
    code: "internal",
    detail: "The daemon failed to answer the request.",
    hint: "Look for the requestId of this answer in the daemon's log.",
  };
}

/** The answer to a request that takes longer to arrive than `serve.timeout`. */
export const tooSlow: Failure = {
  status: 408,
  code: "request.slow",
  detail: "The request did not arrive within the time that the server allows.",
  headers: { connection: "close" },
};

/** The answer to a body that is longer than `serve.limits.body`. */
const tooLarge: Failure = {
  status: 413,
  code: "request.too_large",
  detail: "The body of the request is larger than allowed.",
  // What follows is not read, so the connection is of no use any more.
  headers: { connection: "close" },
};

function invalid({ validationContext, message }: FrameworkError, list: readonly SchemaError[]) {
  const place = places[validationContext ?? ""] ?? "body";
  const errors = list.map(
    ({ instancePath, message: said = "is not valid", params }): FieldError => {
      const extra = params["additionalProperty"] ?? params["missingProperty"];
      const name =
        typeof extra === "string" ? `/${extra.replaceAll("~", "~0").replaceAll("/", "~1")}` : "";
      return { pointer: cut(`${instancePath}${name}`), in: place, detail: cut(said) };
    },
  );
  const detail = sentence(cut(message as string));
  return { status: 400, code: "request.invalid", detail, errors } satisfies Failure;
}

const places: Record<string, FieldError["in"]> = {
  body: "body",
  params: "path",
  querystring: "query",
  headers: "headers",
};

/** A caller can make names of any length; an answer does not repeat them whole. */
function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
