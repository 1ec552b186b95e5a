import { STATUS_CODES } from "node:http";

/** One part of a request that is not as it should be. */
export interface FieldError {
  /** JSON Pointer (RFC 6901) into the body, or into what `in` names. */
  pointer: string;
  in: "body" | "query" | "path" | "headers";
  detail: string;
}

/** What is said of a failed request, before it is known which request it was. */
export interface Failure {
  status: number;
  /** Stable, dotted words: what a program decides by. */
  code: string;
  /** What happened and why, for the caller. */
  detail: string;
  /** What to do next. */
  hint?: string | undefined;
  errors?: readonly FieldError[] | undefined;
  /** Seconds after which the same request may succeed. */
  retryAfter?: number | undefined;
  /** Headers that the answer carries beside `retry-after`. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** A problem document of RFC 9457, with members of studio's own after `instance`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  hint?: string | undefined;
  requestId: string;
  errors?: readonly FieldError[] | undefined;
  /** What clients of another protocol look for in a failed answer. */
  error?: string | { message: string; type: string; param: null; code: string };
}

export const problemMediaType = "application/problem+json; charset=utf-8";

/** Longest part of a request's path that is repeated to the caller. */
const longestInstance = 200;

/** The document for one request. `target` is the request's path; its query is left out. */
export function describeProblem(failure: Failure, target: string, requestId: string): Problem {
  const { status, code, detail, hint, errors } = failure;
  const instance = (target.split("?", 1)[0] ?? "").slice(0, longestInstance);
  return {
    type: `urn:studio:problem:${code}`,
    title: STATUS_CODES[status] ?? (status === 499 ? "Client Closed Request" : "Error"),
    status,
    detail,
    instance,
    code,
    hint,
    requestId,
    errors: errors?.length === 0 ? undefined : errors,
    ...errorMember(failure, instance),
  };
}

/**
 * The Open Inference Protocol asks for a text in `error`, OpenAI's clients read an object there.
 * Both are extension members to a problem document.
 */
function errorMember({ status, code, detail }: Failure, path: string): Pick<Problem, "error"> {
  if (/^\/v2(\/|$)/.test(path)) return { error: detail };
  if (!path.startsWith("/v1/")) return {};
  const type = status >= 500 ? "server_error" : "invalid_request_error";
  return { error: { message: detail, type, param: null, code } };
}
