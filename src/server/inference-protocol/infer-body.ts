import type { IncomingMessage } from "node:http";
import { RequestError } from "../request-error.ts";

/** The body of a request under `/v2`: JSON, and behind it bytes of tensors. */
export interface InferBody {
  /** The JSON. */
  text: string;
  /** What follows it, at a multiple of eight in memory. */
  bytes: Buffer;
  /** Gives the memory back, when nobody needs it any more. */
  release(): void;
}

const mediaTypes = /^(application\/json|application\/octet-stream)\s*(;|$)/i;

/** Elements of eight bytes are the largest. */
const alignment = 8;

/**
 * Reads a body and has it in memory once, so that the tensor data behind the JSON lies where numbers
 * of any size can be looked at in place.
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
  const whole = chunks.length === 1 ? (chunks[0] as Buffer) : join(chunks, length, header);
  const text = whole.toString("utf8", 0, header);
  const release = (): void => free(whole);
  return { text, bytes: aligned(whole, header), release };
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

/** All pieces in new memory, where what follows the header begins at a multiple of eight. */
function join(chunks: readonly Buffer[], length: number, header: number): Buffer {
  const memory = Buffer.allocUnsafeSlow(length + alignment);
  const start = (alignment - (header % alignment)) % alignment;
  let offset = start;
  for (const chunk of chunks) {
    offset += chunk.copy(memory, offset);
    free(chunk);
  }
  return memory.subarray(start, start + length);
}

/** What follows the header; it is moved over the end of that, which has been read, to be aligned. */
function aligned(whole: Buffer, header: number): Buffer {
  const off = header === whole.length ? 0 : (whole.byteOffset + header) % alignment;
  if (off === 0) return whole.subarray(header);
  if (off <= header) return whole.copyWithin(header - off, header).subarray(header - off, -off);
  // Hardly a header at all: the answer will be that it is none.
  return Buffer.from(new Uint8Array(whole.subarray(header)).buffer);
}

/** Bytes from which it is worth it. */
const freedAtOnce = 4096;

/**
 * Frees the memory, unless others have a part in it, before it is collected: V8 collects the whole
 * heap whenever some dozens of megabytes have come and gone beside it, which bodies soon are.
 */
function free({ buffer, length }: Buffer): void {
  const own = buffer.byteLength - length < alignment * 2 && length >= freedAtOnce;
  if (own && buffer instanceof ArrayBuffer) buffer.transfer(0);
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
