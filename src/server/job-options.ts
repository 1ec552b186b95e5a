import type { FastifyReply, FastifyRequest } from "fastify";
import type { JobOptions } from "../inference/batch-queue.ts";
import { Abandonment } from "./abandonment.ts";
import { exchangeOf } from "./traffic.ts";

export type Priority = "high" | "normal" | "low";

/** Urgency of RFC 9218, 0 (most) to 7, 3 being what it is when nothing is said. */
const urgency = /(?:^|[,\s])u=([0-7])(?:$|[,;\s])/;
const usualUrgency = 3;

/**
 * How a request is to be queued: no longer than the server waits, at the urgency of its `Priority`
 * header, and not at all once its caller went away. What the request says itself goes first.
 * @param limit the longest time one request may take from its head on, milliseconds: what its body
 * took to arrive is gone
 */
export function jobOptions(
  request: FastifyRequest,
  reply: FastifyReply,
  limit: number,
  said: { priority?: Priority | undefined; timeout?: number | undefined } = {},
): JobOptions & { priority: Priority } {
  const left = Math.max(0, exchangeOf(request.raw).begun + limit - performance.now());
  return {
    timeout: Math.min(said.timeout ?? limit, left),
    signal: new Abandonment(reply),
    priority: said.priority ?? priorityOfHeader(request.headers["priority"]),
  };
}

/** Triton's levels: 1 is the highest, higher numbers are lower, 0 is what it usually is. */
export function priorityOfLevel(level: number): Priority {
  if (level === 1) return "high";
  return level <= 2 ? "normal" : "low";
}

function priorityOfHeader(header: string | string[] | undefined): Priority {
  const [, digit] = (typeof header === "string" ? urgency.exec(header) : null) ?? [];
  const level = digit === undefined ? usualUrgency : Number(digit);
  if (level < usualUrgency) return "high";
  return level === usualUrgency ? "normal" : "low";
}
