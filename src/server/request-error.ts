/** A request that cannot be answered as it is; the message and hint are for the caller. */
export class RequestError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  /** Seconds after which the same request may succeed. */
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    options: { hint?: string | undefined; retryAfter?: number } = {},
  ) {
    super(message);
    this.name = "RequestError";
    this.status = status;
    this.code = code;
    this.hint = options.hint;
    this.retryAfter = options.retryAfter;
  }
}
