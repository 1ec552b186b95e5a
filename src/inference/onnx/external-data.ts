import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { join, normalize, isAbsolute } from "node:path";
import { reasonOf } from "../../errors.ts";
import { create } from "./message-schema.ts";
import type { GraphProto, ModelProto, StringStringEntryProto, TensorProto } from "./messages.ts";
import { OnnxError } from "./onnx-error.ts";
import { entrySchema } from "./schemas.ts";
import { declaredBytes, isExternal } from "./tensor-elements.ts";

/** Where the elements of a tensor lie outside its model. */
interface ExternalPlace {
  /** Relative to the folder of the model. */
  location: string;
  offset: number;
  /** Null: to the end of the file. */
  length: number | null;
}

/**
 * Source: https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
 * @throws OnnxError `onnx.external` when the place is not one inside the model's folder
 */
function externalPlace(tensor: TensorProto): ExternalPlace {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value ?? ""]));
  const location = normalize(entries.get("location") ?? "");
  const leaves = location === ".." || location.startsWith("../") || isAbsolute(location);
  if (location === "." || leaves || location.includes("\0")) {
    throw external(tensor, "it names no file in the folder of the model");
  }
  const number = (key: string): number | null => {
    const text = entries.get(key);
    if (text === undefined) return null;
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
    throw external(tensor, `its ${key} is "${text}"`);
  };
  return { location, offset: number("offset") ?? 0, length: number("length") };
}

/**
 * A tensor with its elements in it: read from the file beside the model where they are there.
 * @param folder of the model
 * @throws OnnxError `onnx.external` when the file is missing, a link or too short
 */
export async function loadTensor(tensor: TensorProto, folder: string): Promise<TensorProto> {
  if (!isExternal(tensor)) return tensor;
  const { location, offset, length } = externalPlace(tensor);
  let file: FileHandle;
  try {
    file = await openInside(folder, location);
  } catch (error) {
    throw external(tensor, reasonOf(error));
  }
  try {
    const bytes = await readPart(file, tensor, offset, length);
    return { ...tensor, rawData: bytes, externalData: [], dataLocation: undefined };
  } finally {
    await file.close();
  }
}

/**
 * Opens a file of a model that is not the model itself.
 * @throws Error when it is missing, no file, or leads out of the folder by a link
 */
export async function openInside(folder: string, location: string): Promise<FileHandle> {
  const path = join(folder, location);
  if ((await realpath(path)) !== join(await realpath(folder), location)) {
    throw new Error(`${path} is a link`);
  }
  // Without waiting: a pipe would keep its reader until somebody writes.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error(`${path} is no file`);
}

async function readPart(
  file: FileHandle,
  tensor: TensorProto,
  offset: number,
  length: number | null,
): Promise<Uint8Array> {
  const { size } = await file.stat();
  const bytes = length ?? Math.max(0, size - offset);
  if (bytes !== declaredBytes(tensor)) throw external(tensor, `its length is ${bytes}`);
  if (offset + bytes > size) {
    throw external(tensor, `its file ends at ${size}, before byte ${offset + bytes}`);
  }
  const buffer = new Uint8Array(bytes);
  for (let read = 0; read < bytes; ) {
    // Linux reads no more than 2 GiB at once.
    const most = Math.min(bytes - read, 2 ** 30);
    const { bytesRead } = await file.read(buffer, read, most, offset + read);
    if (bytesRead === 0) throw external(tensor, "its file ended while it was read");
    read += bytesRead;
  }
  return buffer;
}

/** The files beside a model in which its tensors have elements, each once. */
export function externalFiles(model: ModelProto): string[] {
  return [...new Set(externalLocations(model).values())];
}

/** The same by the words that the model has for them: "./weights" is "weights". */
export function externalLocations({ graph }: ModelProto): Map<string, string> {
  const tensors = (graph === undefined ? [] : tensorsIn(graph)).filter(isExternal);
  return new Map(
    tensors.map((tensor) => {
      const written = tensor.externalData.find(({ key }) => key === "location")?.value ?? "";
      return [written, externalPlace(tensor).location];
    }),
  );
}

/** Initializers and tensors of attributes, those of subgraphs too. */
function tensorsIn({ initializer, node }: GraphProto): TensorProto[] {
  const attributes = node.flatMap(({ attribute }) => attribute);
  return [
    ...initializer,
    ...attributes.flatMap(({ t, tensors }) => (t === undefined ? tensors : [t, ...tensors])),
    ...attributes.flatMap(({ g, graphs }) =>
      [...(g === undefined ? [] : [g]), ...graphs].flatMap(tensorsIn),
    ),
  ];
}

/** Elements begin at multiples of this, so that a runtime can map the file: ExternalData.md. */
const alignment = 4096;

/**
 * A model whose large initializers are in a file beside it, and what belongs into that file. A
 * model of 2 GiB or more can be stored in no other way.
 * @param location the file's name
 * @param minimum bytes from which on an initializer moves
 */
export function moveOut(
  model: ModelProto,
  location: string,
  minimum: number,
): { model: ModelProto; chunks: Uint8Array[] } {
  const { graph } = model;
  const chunks: Uint8Array[] = [];
  let offset = 0;
  const initializer = (graph?.initializer ?? []).map((tensor): TensorProto => {
    const { rawData } = tensor;
    if (rawData === undefined || rawData.length < minimum) return tensor;
    const padding = (alignment - (offset % alignment)) % alignment;
    chunks.push(new Uint8Array(padding), rawData);
    const place = { location, offset: offset + padding, length: rawData.length };
    offset = place.offset + rawData.length;
    return { ...tensor, rawData: undefined, externalData: entriesOf(place), dataLocation: 1 };
  });
  if (graph === undefined || chunks.length === 0) return { model, chunks };
  return { model: { ...model, graph: { ...graph, initializer } }, chunks };
}

function entriesOf(place: Record<string, string | number>): StringStringEntryProto[] {
  return Object.entries(place).map(([key, value]) =>
    create(entrySchema, { key, value: String(value) }),
  );
}

function external({ name = "" }: TensorProto, why: string): OnnxError {
  return new OnnxError(
    "onnx.external",
    `The elements of the tensor "${name}" outside the model cannot be read: ${why}.`,
  );
}
