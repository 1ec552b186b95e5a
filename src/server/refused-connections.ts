import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { STATUS_CODES } from "node:http";
import { securityHeaders } from "./headers.ts";

const statuses: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

const explanations: Record<number, [code: string, message: string]> = {
  400: ["request.malformed", "This is no HTTP request."],
  408: ["request.slow", "The request took too long to arrive."],
  413: ["request.too_large", "The request is larger than allowed."],
  431: ["request.headers", "The headers of the request are larger or more than allowed."],
};

/** Answers what is no whole request, and so reaches no route, and closes its connection. */
export function answerBrokenRequests(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const status = statuses[error.code ?? ""] ?? 400;
    const body = bodyOf(status);
    const headers = {
      ...securityHeaders,
      "content-type": "application/json; charset=utf-8",
      "content-length": String(Buffer.byteLength(body)),
      connection: "close",
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n`;
    socket.end(head + body, () => socket.destroy());
  });
}

/** Answers a request with more headers than allowed; false where it should go on. */
export function refuseManyHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  most: number,
): boolean {
  if (request.rawHeaders.length / 2 <= most) return false;
  const headers = { ...securityHeaders, "content-type": "application/json; charset=utf-8" };
  response.writeHead(431, { ...headers, connection: "close" }).end(bodyOf(431));
  return true;
}

function bodyOf(status: number): string {
  const [code, message] = explanations[status] ?? explanations[400] ?? [];
  return JSON.stringify({ error: { code, message } });
}
