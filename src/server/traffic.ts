import type { Role } from "../keys/role.ts";
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { DayFigures } from "./day-figures.ts";
import { continueTrace, type TraceContext } from "./trace-context.ts";
import { whenOver } from "./when-over.ts";

export type Origin = "public" | "private";

/** One request and its answer, from the first byte to the last. */
export interface Exchange {
  id: string;
  trace: TraceContext;
  origin: Origin;
  /** A request of the process that runs the daemon, not of a user of the API. */
  control: boolean;
  method: string;
  /** Pattern of the route, known once the request was routed. */
  route: string | null;
  /** Id of the key that it came with; null without one, and until that is known. */
  caller: string | null;
  /** What that key may do; null where none was asked for. */
  role: Role | null;
  /** The answer's status; 499 when the caller went away before it was sent. */
  status: number;
  /** The code of the problem that was answered; null when the request went well. */
  code: string | null;
  /** When its head had come, by `performance.now()`. */
  begun: number;
  milliseconds: number;
}

/** Where a request keeps its exchange. */
const begun = Symbol("exchange");

type Begun = IncomingMessage & { [begun]?: Exchange };

/** Ids that can be written anywhere as they are. */
const givenId = /^[\w.:-]{1,128}$/;

/** The id that the caller gave the request, if it is one to work with, else a new one. */
function identifyRequest(request: IncomingMessage): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && givenId.test(given) ? given : randomUUID();
}

/** The exchange of a request that passed `Traffic.begin`. */
export function exchangeOf(request: IncomingMessage): Exchange {
  const exchange = (request as Begun)[begun];
  if (exchange === undefined) throw new Error("a request came past the listeners");
  return exchange;
}

/** Knows which requests are in flight and reports each when it is over. */
export class Traffic {
  inFlight = 0;
  readonly requests = { total: 0, errors: 0 };
  readonly day = new DayFigures(performance.now());
  private readonly finished: (exchange: Exchange) => void;

  constructor(finished: (exchange: Exchange) => void) {
    this.finished = finished;
  }

  begin(request: IncomingMessage, response: ServerResponse, origin: Origin): Exchange {
    const exchange: Exchange = {
      id: identifyRequest(request),
      trace: continueTrace(request.headers["traceparent"]),
      origin,
      control: origin === "private" && request.url?.startsWith("/control/") === true,
      method: request.method ?? "GET",
      route: null,
      caller: null,
      role: null,
      status: 0,
      code: null,
      begun: performance.now(),
      milliseconds: 0,
    };
    (request as Begun)[begun] = exchange;
    if (!exchange.control) this.inFlight++;
    whenOver(response, () => {
      exchange.status = response.writableFinished ? response.statusCode : 499;
      const now = performance.now();
      exchange.milliseconds = now - exchange.begun;
      this.end(exchange, now);
    });
    return exchange;
  }

  private end(exchange: Exchange, now: number): void {
    if (!exchange.control) this.inFlight--;
    if (exchange.origin === "public" && exchange.route?.startsWith("/health") !== true) {
      this.requests.total++;
      const failed = exchange.status >= 500;
      if (failed) this.requests.errors++;
      this.day.add(exchange.milliseconds, failed, now);
    }
    this.finished(exchange);
  }
}
