/**
 * Tells that nobody waits for an answer any more. An AbortSignal is one; a server that makes one
 * for each request has cheaper ones.
 */
export interface Cancellation {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { once: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
