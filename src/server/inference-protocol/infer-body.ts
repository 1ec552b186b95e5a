import type { IncomingMessage } from "node:http";
import { RequestError } from "../request-error.ts";

/** The body of a request under `/v2`: JSON, and behind it bytes of tensors. */
export interface InferBody {
  /** All of it. Where bytes follow the JSON, they begin at a multiple of eight in memory. */
  bytes: Buffer;
  /** How much of it is JSON. */
  header: number;
  /** True when the caller said where the JSON ends. */
  binary: boolean;
}

const mediaTypes = /^(application\/json|application\/octet-stream)\s*(;|$)/i;

/** Elements of eight bytes are the largest. */
const alignment = 8;

/**
 * Reads a body and puts it in memory once, so that the tensor data behind the JSON lies where
 * numbers of any size can be looked at in place.
 * @throws RequestError 400, 413, 415
 */
export async function readInferBody(request: IncomingMessage, limit: number): Promise<InferBody> {
  const { headers } = request;
  const type = headers["content-type"];
  if (type !== undefined && !mediaTypes.test(type)) throw unsupported("content type");
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") throw unsupported("content encoding");
  if (Number(headers["content-length"] ?? 0) > limit) throw tooLarge(limit);
  const chunks = await receive(request, limit);
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const said = headers["inference-header-content-length"];
  const header = said === undefined ? length : headerLength(said, length);
  return { bytes: join(chunks, length, header), header, binary: said !== undefined };
}

function receive(request: IncomingMessage, limit: number): Promise<Buffer[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer[]>();
  const chunks: Buffer[] = [];
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > limit) {
      request.removeAllListeners("data");
      request.pause();
      reject(tooLarge(limit));
    } else {
      chunks.push(chunk);
    }
  });
  request.on("end", () => resolve(chunks));
  request.on("error", () => {
    reject(new RequestError(400, "request.incomplete", "The body ended before it was whole."));
  });
  return promise;
}

function headerLength(said: string | string[], length: number): number {
  const size = typeof said === "string" && /^\d{1,15}$/.test(said) ? Number(said) : Infinity;
  if (size <= length) return size;
  const detail = `Inference-Header-Content-Length is no part of a body of ${length} bytes.`;
  throw new RequestError(400, "inference.input", detail, {
    errors: [{ pointer: "/inference-header-content-length", in: "headers", detail }],
  });
}

function join(chunks: readonly Buffer[], length: number, header: number): Buffer {
  const only = chunks[0];
  const aligned = (start: number): boolean => (start + header) % alignment === 0;
  if (only !== undefined && chunks.length === 1) {
    if (header === length || aligned(only.byteOffset)) return only;
  }
  // Small bodies share memory that is taken for several at once, and begin anywhere in it.
  const memory = Buffer.allocUnsafe(length + alignment);
  const start = alignment - ((memory.byteOffset + header) % alignment);
  let offset = start;
  for (const chunk of chunks) offset += chunk.copy(memory, offset);
  return memory.subarray(start, start + length);
}

function unsupported(what: string): RequestError {
  return new RequestError(415, "request.media_type", `The body's ${what} is not supported.`, {
    hint: "Send application/json, or application/octet-stream with Inference-Header-Content-Length.",
  });
}

function tooLarge(limit: number): RequestError {
  const detail = `The body of the request is larger than the ${limit} bytes allowed.`;
  return new RequestError(413, "request.too_large", detail, { headers: { connection: "close" } });
}
