import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";

/**
 * A client of autocannon (one connection), with the parts of it that its types leave out. They
 * are of autocannon 9.0.0, which package.json pins; `assertClient` notices when they are gone.
 */
export interface AutocannonClient extends EventEmitter {
  conn: Socket | undefined;
  destroyed: boolean;
  /** Milliseconds of autocannon's own time-out. */
  timeout: number;
  parser: AnswerParser;
  pipelinedRequests: PendingRequests;
  requestIterator: { requests: RawRequest[]; currentRequest: RawRequest };
  setRequests(requests: RawRequest[]): void;
  _connect(): void;
  _doRequest(): void;
  _destroyConnection(): void;
  destroy(): void;
}

/** http-parser-js; gives a problem back instead of throwing it, except for those of callbacks. */
interface AnswerParser {
  execute(chunk: Buffer): number | Error;
  /** Ends an answer whose length is told by the end of the connection. */
  finish(): Error | undefined;
  reinitialize(type: "RESPONSE"): void;
}

interface PendingRequests {
  addByteCount(count: number): void;
  addBody(data: unknown): void;
  clear(): void;
  insertRequest(request: RawRequest): void;
  peek(): { bytes: number } | undefined;
  terminateRequest(): unknown;
}

export interface RawRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string | undefined;
}

export interface Handlers {
  /** Called once, at the start. */
  connect(): void;
  disconnect(): void;
}

/** Thrown while parsing: the server said more than it was asked for. */
export class UnaskedAnswer extends Error {}

/** The longest time that setTimeout takes, in milliseconds: 24 days. */
const longestTimer = 2 ** 31 - 1;

/* oxlint-disable no-underscore-dangle -- the names are autocannon's */

/**
 * Puts our handling of connections in the place of autocannon's, and keeps it from sending the
 * next request by itself.
 *
 * @param client fresh from `setupClient`, before it connects.
 * @returns sends the client's next request over `client.conn`.
 */
export function takeOver(client: AutocannonClient, handlers: Handlers): () => void {
  const send = client._doRequest.bind(client);
  client._connect = () => handlers.connect();
  client._destroyConnection = () => handlers.disconnect();
  client._doRequest = () => undefined;
  // Its time-out rounds below zero at times, of which Node warns on stderr; ours replaces it.
  client.timeout = longestTimer;
  const pending = client.pipelinedRequests;
  const takeFirst = pending.terminateRequest.bind(pending);
  pending.terminateRequest = () => {
    if (pending.peek() === undefined) throw new UnaskedAnswer();
    return takeFirst();
  };
  // A body without an end must not fill the memory.
  pending.addBody = () => undefined;
  return send;
}

export function assertClient(client: object): asserts client is AutocannonClient {
  for (const name of ["_connect", "_doRequest", "_destroyConnection", "setRequests", "destroy"]) {
    if (typeof Reflect.get(client, name) === "function") continue;
    throw new Error(`autocannon's client has no ${name} any more: adapt src/bench to its version`);
  }
}
