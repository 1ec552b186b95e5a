import { constants } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { reasonOf } from "../../errors.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import type { ModelProto } from "./messages.ts";
import { OnnxError } from "./onnx-error.ts";
import { modelSchema } from "./schemas.ts";

/** No protobuf message is larger: https://protobuf.dev/programming-guides/encoding/#size-limit */
export const maximumBytes: number = 2 ** 31 - 1;

/**
 * Reads a model; initializers are views of what was read. Elements in other files stay there.
 * @throws OnnxError `onnx.unreadable`, `onnx.too-large` or `onnx.malformed`
 */
export async function readModel(file: string): Promise<ModelProto> {
  let bytes: Uint8Array;
  try {
    const { size } = await stat(file);
    if (size > maximumBytes) throw tooLarge(size);
    bytes = await readFile(file);
  } catch (error) {
    if (error instanceof OnnxError) throw error.inFile(file);
    throw new OnnxError("onnx.unreadable", `${file} cannot be read: ${reasonOf(error)}.`);
  }
  return decodeModel(bytes, file);
}

/**
 * @param file named in errors
 * @throws OnnxError `onnx.malformed`
 */
export function decodeModel(bytes: Uint8Array, file: string): ModelProto {
  try {
    const model = decode(modelSchema, bytes);
    if (model.graph !== undefined) return model;
    throw new OnnxError("onnx.malformed", "Not an ONNX model: there is no graph.");
  } catch (error) {
    throw error instanceof OnnxError ? error.inFile(file) : error;
  }
}

/** The bytes of a model in one piece; large ones are better written with `writeModel`. */
export function encodeModel(model: ModelProto): Buffer {
  return Buffer.concat(encode(modelSchema, model));
}

/**
 * Writes a new file, to the disk itself; large initializers are not copied for it.
 * @returns its size in bytes
 * @throws OnnxError `onnx.too-large` for 2 GiB and more: `moveOut` first
 */
export async function writeModel(file: string, model: ModelProto): Promise<number> {
  const chunks = encode(modelSchema, model);
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (size > maximumBytes) throw tooLarge(size).inFile(file);
  await writeChunks(file, chunks);
  return size;
}

/** Writes a file that must not exist yet. */
export async function writeChunks(file: string, chunks: readonly Uint8Array[]): Promise<void> {
  const handle = await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
  try {
    for (const chunk of chunks) await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function tooLarge(size: number): OnnxError {
  return new OnnxError(
    "onnx.too-large",
    `A model of ${size} bytes: an ONNX file holds 2 GiB, larger ones keep their tensors beside it.`,
  );
}
