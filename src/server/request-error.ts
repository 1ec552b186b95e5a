/** A request that cannot be answered as it is; the message and hint are for the caller. */
export class RequestError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(status: number, code: string, message: string, options: { hint?: string } = {}) {
    super(message);
    this.name = "RequestError";
    this.status = status;
    this.code = code;
    this.hint = options.hint;
  }
}
