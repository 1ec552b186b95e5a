import type { Channel, Sent } from "./channels/channel.ts";
import type { Message } from "./event.ts";

export interface AttemptInput {
  channel: Channel;
  message: Message;
  /** How often it is tried at most. */
  tries: number;
  /** Ends it all, waits too. */
  signal: AbortSignal;
  /** Rejects with the signal. */
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export interface Attempted {
  sent: Sent;
  attempts: number;
}

/** Milliseconds that one attempt may take. */
const patience = 8000;
/** Milliseconds between the first attempts. */
const waits = [500, 2000, 5000];
/** Milliseconds: who asks to wait longer is tried by a later run. */
const longestWait = 10_000;

/** Tries to send a message, with growing waits between, or those that the receiver asks for. */
export async function attempt(input: AttemptInput): Promise<Attempted> {
  const { channel, message, tries, signal, sleep } = input;
  for (let attempts = 1; ; attempts += 1) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    const sent = await channel.send(message, limit);
    if (sent.ok || sent.final || attempts >= tries) return { sent, attempts };
    const wait = sent.retryAfter ?? waits[attempts - 1] ?? longestWait;
    if (wait > longestWait) return { sent, attempts };
    try {
      await sleep(wait, signal);
    } catch {
      return { sent, attempts };
    }
  }
}
