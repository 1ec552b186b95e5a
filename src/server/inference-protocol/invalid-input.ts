import { RequestError } from "../request-error.ts";

/** A part of an inference request that is not as it should be; `pointer` says which. */
export function invalidInput(pointer: string, detail: string, hint?: string): RequestError {
  return new RequestError(400, "inference.input", detail, {
    hint,
    errors: [{ pointer, in: "body", detail }],
  });
}

/** A name of the caller's, short enough to be repeated to it. */
export function quote(name: unknown): string {
  const text = typeof name === "string" ? name : (JSON.stringify(name) ?? "nothing");
  return `"${text.length > 100 ? `${text.slice(0, 100)}…` : text}"`;
}
