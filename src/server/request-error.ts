import type { FieldError } from "./problem.ts";

interface RequestErrorOptions {
  hint?: string | undefined;
  errors?: readonly FieldError[];
  /** Sent with the answer, such as `allow`. */
  headers?: Readonly<Record<string, string>>;
  retryAfter?: number;
}

/** A request that cannot be answered as it is; the message and hint are for the caller. */
export class RequestError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Seconds after which the same request may succeed. */
  readonly retryAfter: number | undefined;

  constructor(status: number, code: string, message: string, options: RequestErrorOptions = {}) {
    super(message);
    this.name = "RequestError";
    this.status = status;
    this.code = code;
    this.hint = options.hint;
    this.errors = options.errors;
    this.headers = options.headers;
    this.retryAfter = options.retryAfter;
  }
}
