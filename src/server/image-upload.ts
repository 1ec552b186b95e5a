import { Readable } from "node:stream";
import type { MultipartFile } from "@fastify/multipart";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ImageFile } from "../inference/images/image-format.ts";
import { RequestError } from "./request-error.ts";

/** An image and the words that came with it, in a form or in the query. */
export interface ImageUpload {
  file: ImageFile;
  words: Record<string, string>;
}

/** What a form may hold beside its image: few, short words. */
const formLimits = {
  parts: 12,
  files: 1,
  fields: 10,
  fieldNameSize: 50,
  fieldSize: 200,
  headerPairs: 20,
} as const;

/** Milliseconds for which the rest of a refused body is read. */
const patience = 2000;

/** What the borders and heads of a form's parts may take, in bytes. */
const formOverhead = 16_384;

/**
 * Reads a form with the part `file`, or a body that is the image itself. A body that is refused
 * before its end is thrown away, so that the caller reads why.
 * @param limit most bytes of the image
 * @throws RequestError `request.invalid`, `request.too_large`
 */
export async function readUpload(
  request: FastifyRequest,
  reply: FastifyReply,
  limit: number,
): Promise<ImageUpload> {
  try {
    const words = readQuery(request.query);
    if (request.isMultipart()) return await readForm(request, words, limit);
    return { file: await readBody(request, limit), words };
  } catch (error) {
    reply.header("connection", "close");
    await discardRest(request, 2 * limit);
    throw error;
  }
}

async function readBody({ headers, body }: FastifyRequest, limit: number): Promise<ImageFile> {
  const length = Number(headers["content-length"] ?? 0);
  if (length > limit) throw tooLarge(limit);
  if (!(body instanceof Readable)) return { bytes: Buffer.alloc(0), type: headers["content-type"] };
  const chunks: Buffer[] = [];
  let count = 0;
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      count += (chunk as Buffer).length;
      if (count > limit) throw tooLarge(limit);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw explain(error, limit);
  }
  return { bytes: Buffer.concat(chunks), type: headers["content-type"] };
}

async function readForm(
  request: FastifyRequest,
  query: Record<string, string>,
  limit: number,
): Promise<ImageUpload> {
  const length = Number(request.headers["content-length"] ?? 0);
  if (length > limit + formOverhead) throw tooLarge(limit);
  const parts = readParts(request, query, limit);
  const overflow = countBytes(request, limit);
  try {
    return await Promise.race([parts, overflow.happened]);
  } catch (error) {
    throw explain(error, limit);
  } finally {
    overflow.stop();
  }
}

async function readParts(
  request: FastifyRequest,
  query: Record<string, string>,
  limit: number,
): Promise<ImageUpload> {
  const words: Record<string, string> = { ...query };
  let file: ImageFile | null = null;
  for await (const part of request.parts({ limits: { ...formLimits, fileSize: limit } })) {
    if (part.type === "file") {
      file = await readFile(part, limit);
      continue;
    }
    const { fieldname, value, valueTruncated, fieldnameTruncated } = part;
    if (valueTruncated || fieldnameTruncated || typeof value !== "string") {
      throw new RequestError(400, "request.invalid", "A field of the form is not a short word.");
    }
    if (Object.hasOwn(words, fieldname)) throw givenTwice(fieldname);
    words[fieldname] = value;
  }
  if (file !== null) return { file, words };
  throw new RequestError(400, "request.invalid", 'The form has no part "file".', {
    hint: "Send the image as a file, such as with curl -F file=@photo.jpg.",
  });
}

async function readFile(part: MultipartFile, limit: number): Promise<ImageFile> {
  if (part.fieldname !== "file") {
    // Read to its end by nobody: the form is refused as it is.
    throw new RequestError(400, "request.invalid", 'The image must be the part "file".');
  }
  const chunks: Buffer[] = [];
  for await (const chunk of part.file) chunks.push(chunk as Buffer);
  if (part.file.truncated) throw tooLarge(limit);
  const name = part.filename === "" ? undefined : part.filename;
  return { bytes: Buffer.concat(chunks), name, type: part.mimetype };
}

/** Notices a body that goes on and on, in what belongs to no part too. */
function countBytes(
  { raw }: FastifyRequest,
  limit: number,
): { happened: Promise<never>; stop(): void } {
  let count = 0;
  let report: (error: RequestError) => void = () => undefined;
  const happened = new Promise<never>((_resolve, reject) => {
    report = reject;
  });
  const add = (chunk: Buffer): void => {
    count += chunk.length;
    if (count <= limit + formOverhead) return;
    raw.off("data", add);
    raw.unpipe();
    report(tooLarge(limit));
  };
  raw.on("data", add);
  return { happened, stop: () => void raw.off("data", add) };
}

/** Reads on until the body ends, or so many bytes came, or a while is over. */
async function discardRest({ raw }: FastifyRequest, limit: number): Promise<void> {
  if (raw.readableEnded || raw.destroyed) return;
  let count = 0;
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(stop, patience);
    raw.unpipe();
    raw.once("end", stop);
    raw.once("close", stop);
    raw.on("data", (chunk: Buffer) => {
      count += chunk.length;
      if (count > limit) stop();
    });
    raw.resume();
  });
}

function readQuery(query: unknown): Record<string, string> {
  const words: Record<string, string> = {};
  for (const [key, value] of Object.entries((query ?? {}) as Record<string, unknown>)) {
    if (typeof value !== "string") throw givenTwice(key);
    words[key] = value;
  }
  return words;
}

function givenTwice(key: string): RequestError {
  return new RequestError(400, "request.invalid", `"${key.slice(0, 50)}" is given twice.`);
}

function explain(error: unknown, limit: number): unknown {
  if (error instanceof RequestError) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === "FST_REQ_FILE_TOO_LARGE") return tooLarge(limit);
  if (code === "FST_PARTS_LIMIT" || code === "FST_FILES_LIMIT" || code === "FST_FIELDS_LIMIT") {
    return new RequestError(
      413,
      "request.too_large",
      `The form has too many parts; one file and ${formLimits.fields} fields are allowed.`,
    );
  }
  return new RequestError(
    400,
    "request.invalid",
    `The body cannot be read: ${String(message).slice(0, 100)}.`,
  );
}

function tooLarge(limit: number): RequestError {
  return new RequestError(
    413,
    "request.too_large",
    `The image is larger than the ${limit} bytes that are allowed.`,
  );
}
