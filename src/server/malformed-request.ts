import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { tooSlow } from "./error-answer.ts";
import { securityHeaders } from "./headers.ts";
import { LinkedList } from "../linked-list.ts";
import { describeProblem, problemMediaType, type Failure } from "./problem.ts";
import { whenOver } from "./when-over.ts";

/** Told of each request that was refused before there was one to route. */
export type MalformedRequest = (failure: Failure, requestId: string) => void;

/** How long the caller may take to read why it was refused, in milliseconds. */
const patience = 1000;

const failures: Record<string, Failure> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: "request.headers_too_large",
    detail: "The header lines of the request are larger than allowed.",
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: "request.too_large",
    detail: "The chunk extensions of the request are larger than allowed.",
  },
  ERR_HTTP_REQUEST_TIMEOUT: tooSlow,
};

const malformed: Failure = {
  status: 400,
  code: "request.malformed",
  detail: "What arrived is not an HTTP/1.1 request.",
};

/** An answer that is not sent to the end yet. */
interface Owed {
  request: IncomingMessage;
  response: ServerResponse;
}

/**
 * Answers what is no HTTP request, or arrives too slowly, and closes its connection. An answer that
 * has begun is not written into, and one that is still owed to an earlier request goes first.
 */
export function answerMalformed(server: Server, report: MalformedRequest): void {
  const owedOn = new WeakMap<Socket, LinkedList<Owed>>();
  const refused = new WeakSet<Socket>();
  server.on("connection", (socket: Socket) => owedOn.set(socket, new LinkedList()));
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const owed = owedOn.get(request.socket);
    const link = owed?.append({ request, response });
    if (link !== undefined) whenOver(response, () => owed?.remove(link));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (refused.has(socket)) return;
    refused.add(socket);
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const failure = failures[error.code ?? ""] ?? malformed;
    const requestId = randomUUID();
    report(failure, requestId);
    const owed = owedOn.get(socket)?.values() ?? [];
    const last = owed.at(-1);
    if (last === undefined) refuse(socket, failure, requestId);
    else if (last.request.complete) {
      last.response.once("close", () => refuse(socket, failure, requestId));
    } else if (owed.length === 1 && !last.response.headersSent) refuse(socket, failure, requestId);
    else socket.destroy();
  });
}

function refuse(socket: Socket, failure: Failure, requestId: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const problem = describeProblem(failure, "", requestId);
  const body = JSON.stringify(problem);
  const headers = {
    ...securityHeaders,
    "content-type": problemMediaType,
    "content-length": String(Buffer.byteLength(body)),
    "x-request-id": requestId,
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join("")}\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), patience);
  socket.once("close", () => clearTimeout(timer));
}
