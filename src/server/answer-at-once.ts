import type { OutgoingHttpHeaders } from "node:http";
import type { FastifyReply } from "fastify";

/** Bytes up to which copying an answer into one piece costs less than a second piece does. */
export const mostAtOnce = 4096;

/**
 * Answers with head and body in one piece, past what the framework does for answers that are to be
 * serialised, compressed or streamed: to a small answer that is ready, it would be half of the work.
 * @param headers all but those that hooks have set, and the body's length, which are added
 * @param body each character is one byte (Latin-1)
 */
export function answerAtOnce(
  reply: FastifyReply,
  headers: Record<string, string>,
  body: string,
): FastifyReply {
  // Its time may be over.
  if (reply.sent) return reply;
  const { raw } = reply;
  const set = reply.getHeaders() as OutgoingHttpHeaders;
  reply.hijack();
  headers["content-length"] = String(body.length);
  raw.writeHead(raw.statusCode, Object.assign(headers, set));
  raw.end(body, "latin1");
  return reply;
}
