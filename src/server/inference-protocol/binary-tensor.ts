import type { TensorData } from "../../inference/tensor.ts";
import type { Datatype } from "./datatypes.ts";
import { invalidInput } from "./invalid-input.ts";

/** Decodes strictly: what is no UTF-8 is an error, and a byte order mark is kept. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The elements of a tensor that was sent as bytes: little-endian, row-major, without padding
 * (Triton's binary tensor data extension). Numbers are a view of `bytes`, not a copy, when they
 * lie on a multiple of their size.
 * @throws RequestError 400 when the bytes are not the `count` elements
 */
export function readBinary(
  datatype: Datatype,
  bytes: Buffer,
  count: number,
  pointer: string,
): TensorData {
  const { name, Elements, bytes: size } = datatype;
  if (Elements === null) return readStrings(bytes, count, pointer);
  if (bytes.length !== count * size) {
    const needed = `${count} elements of ${name} are ${count * size} bytes`;
    throw invalidInput(pointer, `${needed}, and ${bytes.length} were sent.`);
  }
  if (name === "BOOL" && bytes.some((byte) => byte > 1)) {
    throw invalidInput(pointer, "An element of BOOL is the byte 0 or 1.");
  }
  if (bytes.byteOffset % size === 0) return new Elements(bytes.buffer, bytes.byteOffset, count);
  const copy = new Elements(count);
  new Uint8Array(copy.buffer, copy.byteOffset, copy.byteLength).set(bytes);
  return copy;
}

/** Each element is four bytes of length and as many bytes of UTF-8. */
function readStrings(bytes: Buffer, count: number, pointer: string): string[] {
  // Every element has at least its length: a claim of more elements than that is no reason to
  // make room for them.
  if (count * 4 > bytes.length) {
    throw invalidInput(pointer, `${bytes.length} bytes do not hold ${count} elements of BYTES.`);
  }
  const strings: string[] = [];
  let offset = 0;
  while (strings.length < count) {
    const start = offset + 4;
    const end = start <= bytes.length ? start + bytes.readUInt32LE(offset) : Infinity;
    if (end > bytes.length) {
      throw invalidInput(pointer, `The bytes end inside element ${strings.length}.`);
    }
    strings.push(decode(bytes.subarray(start, end), strings.length, pointer));
    offset = end;
  }
  if (offset === bytes.length) return strings;
  throw invalidInput(pointer, `${bytes.length - offset} bytes follow the last element.`);
}

function decode(bytes: Uint8Array, index: number, pointer: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw invalidInput(pointer, `Element ${index} is not UTF-8.`);
  }
}

/** The bytes of a tensor's elements: a view of numbers, strings with their lengths. */
export function writeBinary(data: TensorData): Buffer {
  if (!Array.isArray(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const sizes = data.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + 4 + size, 0));
  let offset = 0;
  for (const [index, text] of data.entries()) {
    const size = sizes[index] as number;
    bytes.writeUInt32LE(size, offset);
    bytes.write(text, offset + 4, size);
    offset += 4 + size;
  }
  return bytes;
}
