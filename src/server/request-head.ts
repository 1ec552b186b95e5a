import type { IncomingMessage, ServerResponse } from "node:http";
import { describeProblem, problemMediaType, type Failure } from "./problem.ts";

const tooMany: Failure = {
  status: 431,
  code: "request.headers_too_large",
  detail: "The request has more header lines than allowed.",
};

/** RFC 9112, section 3.2. */
const hostMissing: Failure = {
  status: 400,
  code: "request.malformed",
  detail: "A request of HTTP/1.1 has one Host header.",
};

const wrongTarget: Failure = {
  status: 400,
  code: "request.malformed",
  detail: "A request names a path, and the version of HTTP that it speaks.",
};

/** RFC 9112, section 6.3: nobody can tell where such a body ends. */
const lengthUnknown: Failure = {
  status: 400,
  code: "request.malformed",
  detail: "The last transfer coding of a request with a body is `chunked`.",
};

/** `/path`, or the whole address as it is sent to a proxy (RFC 9112, section 3.2). */
const target = /^(\/|https?:\/\/)/i;

/**
 * What is wrong with the head of a request, before it is known what it asks for.
 * @param mostHeaders lines; their bytes are limited besides
 */
export function refuseHead(request: IncomingMessage, mostHeaders: number): Failure | null {
  if (request.rawHeaders.length / 2 > mostHeaders) return tooMany;
  const coding = request.headers["transfer-encoding"];
  if (coding !== undefined && !/(^|,)\s*chunked\s*$/i.test(coding)) return lengthUnknown;
  if (request.httpVersionMajor < 1 || !target.test(request.url ?? "")) return wrongTarget;
  const isNew = request.httpVersionMajor === 1 && request.httpVersionMinor >= 1;
  return isNew && countHosts(request.rawHeaders) !== 1 ? hostMissing : null;
}

/** Of names and values in turn. Node keeps the first of several, and says nothing of the rest. */
function countHosts(lines: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < lines.length; index += 2) {
    const name = lines[index] as string;
    if (name.length === 4 && name.toLowerCase() === "host") count++;
  }
  return count;
}

/** Answers with a problem, and closes the connection: what follows is not read. */
export function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  failure: Failure,
  requestId: string,
): void {
  response.statusCode = failure.status;
  response.setHeader("content-type", problemMediaType);
  response.setHeader("connection", "close");
  response.end(JSON.stringify(describeProblem(failure, request.url ?? "", requestId)));
}
