import type { FastifyReply } from "fastify";
import { RequestError } from "./request-error.ts";
import { tooSlow } from "./error-answer.ts";

/**
 * Answers requests whose time is over, in the place of their handlers. All have the same time, so
 * those that began first end first: one timer, set for the eldest, serves them all.
 */
export class AnswerDeadline {
  private readonly limit: number;
  /** When each one's time is over, of `performance.now()`; the eldest first. */
  private readonly open = new Map<FastifyReply, number>();
  private timer: NodeJS.Timeout | undefined;

  /** @param limit milliseconds from a request's head to its answer */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Watches over a request until its answer is out or its caller gone. */
  watch(reply: FastifyReply): void {
    this.open.set(reply, performance.now() + this.limit);
    reply.raw.on("close", () => this.open.delete(reply));
    this.timer ??= this.wakeIn(this.limit);
  }

  private wakeIn(milliseconds: number): NodeJS.Timeout {
    // A delay beyond 31 bits would be taken for none.
    const delay = Math.min(Math.max(Math.ceil(milliseconds), 1), 0x7fffffff);
    return setTimeout(() => this.wake(), delay).unref();
  }

  private wake(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const [reply, due] of this.open) {
      if (due > now) {
        this.timer = this.wakeIn(due - now);
        return;
      }
      this.open.delete(reply);
      end(reply);
    }
  }
}

function end(reply: FastifyReply): void {
  const { raw, request } = reply;
  // What is on its way already can only be cut.
  if (raw.headersSent) raw.destroy();
  else if (!reply.sent) reply.send(request.raw.complete ? tooLong() : slow());
}

function tooLong(): RequestError {
  return new RequestError(504, "request.timeout", "The answer took longer than the server allows.");
}

function slow(): RequestError {
  const { status, code, detail, headers = {} } = tooSlow;
  return new RequestError(status, code, detail, { headers });
}
