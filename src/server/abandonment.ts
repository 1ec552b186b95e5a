import type { FastifyReply } from "fastify";
import type { Cancellation } from "../inference/cancellation.ts";
import { whenOver } from "./when-over.ts";

/**
 * Aborted when nobody waits for the answer any more: the caller went away, or was answered, with the
 * news that its time is over for one. Work that is done by then has no listener left and never
 * knows. An AbortController does the same for
 * several microseconds more, which is too much for what every request has and few ever use.
 */
export class Abandonment implements Cancellation {
  aborted = false;
  private readonly listeners = new Set<() => void>();

  constructor({ raw }: FastifyReply) {
    whenOver(raw, () => this.abort());
  }

  /** @param listener called once at most */
  addEventListener(_type: "abort", listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.listeners.delete(listener);
  }

  private abort(): void {
    this.aborted = true;
    for (const listener of this.listeners) listener();
    this.listeners.clear();
  }
}
