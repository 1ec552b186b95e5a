import type { Message } from "../event.ts";

/** How an attempt to deliver a message ended. Reasons hold no address and no text of a server. */
export type Sent =
  | { ok: true }
  | {
      ok: false;
      reason: string;
      /** True where another attempt would end the same way. */
      final: boolean;
      /** Milliseconds that the receiver asks to wait; null where it says nothing. */
      retryAfter: number | null;
    };

export interface Channel {
  /** Tries once, until the signal. Never throws. */
  send(message: Message, signal: AbortSignal): Promise<Sent>;
}

/** Worth another attempt. */
export const failed = (reason: string, retryAfter: number | null = null): Sent => ({
  ok: false,
  reason,
  final: false,
  retryAfter,
});

export const refused = (reason: string): Sent => ({
  ok: false,
  reason,
  final: true,
  retryAfter: null,
});
