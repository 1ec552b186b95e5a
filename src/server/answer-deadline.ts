import type { FastifyReply } from "fastify";
import { LinkedList } from "../linked-list.ts";
import { tooSlow } from "./error-answer.ts";
import { RequestError } from "./request-error.ts";
import { whenOver } from "./when-over.ts";

interface Waiting {
  reply: FastifyReply;
  /** When its time is over, of `performance.now()`. */
  due: number;
}

/**
 * Answers requests whose time is over, in the place of their handlers. All have the same time, so
 * those that began first end first: one timer, set for the eldest, serves them all.
 */
export class AnswerDeadline {
  private readonly limit: number;
  private readonly open = new LinkedList<Waiting>();
  private timer: NodeJS.Timeout | undefined;

  /** @param limit milliseconds from a request's head to its answer */
  constructor(limit: number) {
    this.limit = limit;
  }

  /**
   * Watches over a request until its answer is out or its caller gone.
   * @param begun when its head had come, by `performance.now()`
   */
  watch(reply: FastifyReply, begun: number): void {
    const link = this.open.append({ reply, due: begun + this.limit });
    whenOver(reply.raw, () => this.open.remove(link));
    this.timer ??= this.wakeIn(this.limit);
  }

  private wakeIn(milliseconds: number): NodeJS.Timeout {
    // A delay beyond 31 bits would be taken for none.
    const delay = Math.min(Math.max(Math.ceil(milliseconds), 1), 0x7fffffff);
    return setTimeout(() => this.wake(), delay).unref();
  }

  private wake(): void {
    const now = performance.now();
    let eldest = this.open.first;
    while (eldest !== null && eldest.value.due <= now) {
      this.open.remove(eldest);
      end(eldest.value.reply);
      eldest = this.open.first;
    }
    this.timer = eldest === null ? undefined : this.wakeIn(eldest.value.due - now);
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
