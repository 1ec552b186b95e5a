import { DecodedMessage } from "./decoded-message.ts";
import {
  type Field,
  type MessageSchema,
  type NumberKind,
  type Numbers,
  emptyOf,
} from "./message-schema.ts";
import { OnnxError } from "./onnx-error.ts";
import {
  type Tag,
  WireReader,
  malformed,
  maximumDepth,
  tooDeep,
  wireTypes,
} from "./wire-reader.ts";

/** A model of 100,000 nodes has some 2 million fields; more than this is made to fill memory. */
const maximumFields = 16_000_000;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const arrays = {
  int32: Int32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float: Float32Array,
  double: Float64Array,
};

const wireTypeOf: Record<Field["kind"], number> = {
  int32: wireTypes.varint,
  int64: wireTypes.varint,
  uint64: wireTypes.varint,
  float: wireTypes.fixed32,
  double: wireTypes.fixed64,
  text: wireTypes.bytes,
  bytes: wireTypes.bytes,
  message: wireTypes.bytes,
};

type Draft = Record<string, unknown>;

/**
 * Reads a message; bytes and large arrays of it are views of `bytes`, not copies. What is read is
 * frozen: to change a message, make a new one of it (`{ ...node, opType: "Add" }`), and those that
 * hold it. A message that was not changed is written as it stood in the file, byte for byte.
 * @throws OnnxError `onnx.malformed`, with its position
 */
export function decode<Message extends object>(
  schema: MessageSchema<Message>,
  bytes: Uint8Array,
): Message {
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const place = { reader: new WireReader(plain), progress: { fields: 0 }, depth: 1 };
  return decodePart(schema, place, plain.length) as Message;
}

interface Place {
  reader: WireReader;
  depth: number;
  progress: { fields: number };
}

/** @param end where the message ends, which is where the reader stops */
function decodePart(schema: MessageSchema, place: Place, end: number): object {
  const { reader, progress, depth } = place;
  const start = reader.position;
  if (depth > maximumDepth) throw tooDeep(start);
  const message = new DecodedMessage(reader.bytes, start, end);
  const draft = message as unknown as Draft;
  for (const [key, field] of schema.fields) if (field.repeated) draft[key] = emptyOf(field);
  let lists: NumberLists | null = null;
  while (!reader.done) {
    const tag = reader.tag();
    progress.fields += 1;
    if (progress.fields > maximumFields) throw malformed("there are too many fields", tag.position);
    const [key, field] = schema.byNumber.get(tag.number) ?? [];
    if (key === undefined || field === undefined || !fits(field, tag)) {
      reader.skip(tag, depth);
      append(draft, "unknown", reader.bytes.subarray(tag.position, reader.position));
    } else if ("packed" in field && field.repeated) {
      lists ??= new NumberLists();
      lists.add(key, field.kind, tag, reader);
    } else if (field.repeated) append(draft, key, decodeOne(undefined, field, place));
    else draft[key] = decodeOne(draft[key], field, place);
  }
  lists?.finish(draft);
  for (const value of Object.values(draft)) if (Array.isArray(value)) Object.freeze(value);
  return Object.freeze(message);
}

/** A known number with another wire type is an unknown field, as in protobuf's own readers. */
function fits(field: Field, { wireType }: Tag): boolean {
  if (wireType === wireTypeOf[field.kind]) return true;
  return wireType === wireTypes.bytes && "packed" in field && field.repeated;
}

function append(draft: Draft, key: string, value: unknown): void {
  const list = draft[key];
  if (list === undefined || Object.isFrozen(list)) draft[key] = [value];
  else (list as unknown[]).push(value);
}

/** @param present what a field that is not repeated holds already */
function decodeOne(present: unknown, field: Field, place: Place): unknown {
  const { reader, progress, depth } = place;
  if ("packed" in field) return reader[field.kind]();
  if (field.kind === "bytes") return reader.block();
  if (field.kind === "text") return textOf(reader);
  const inner = { ...place, depth: depth + 1 };
  const first = present === undefined ? null : DecodedMessage.sourceOf(present as object);
  if (first === null) return reader.within((end) => decodePart(field.schema(), inner, end));
  // A message that comes in parts is the parts put together: that is how protobuf merges.
  const merged = new Uint8Array(Buffer.concat([first, reader.block()]));
  const again = { reader: new WireReader(merged), progress, depth: depth + 1 };
  return decodePart(field.schema(), again, merged.length);
}

function textOf(reader: WireReader): string {
  const { position } = reader;
  try {
    return utf8.decode(reader.block());
  } catch (error) {
    if (error instanceof OnnxError) throw error;
    throw malformed("a text is not UTF-8", position);
  }
}

/** Numbers of repeated fields, which may come one a field, packed, or both. */
class NumberLists {
  private readonly parts = new Map<
    string,
    { kind: NumberKind; packed: Numbers[]; single: unknown[] }
  >();

  add(key: string, kind: NumberKind, { wireType, position }: Tag, reader: WireReader): void {
    let list = this.parts.get(key);
    if (list === undefined) this.parts.set(key, (list = { kind, packed: [], single: [] }));
    if (wireType !== wireTypes.bytes) list.single.push(reader[kind]());
    else {
      flush(list);
      list.packed.push(unpack(kind, reader, position));
    }
  }

  finish(draft: Draft): void {
    for (const [key, list] of this.parts) {
      flush(list);
      draft[key] = list.packed.length === 1 ? list.packed[0] : joined(list.kind, list.packed);
    }
  }
}

function flush(list: { kind: NumberKind; packed: Numbers[]; single: unknown[] }): void {
  if (list.single.length === 0) return;
  list.packed.push(new arrays[list.kind](list.single as never));
  list.single = [];
}

function joined(kind: NumberKind, parts: readonly Numbers[]): Numbers {
  const all = new arrays[kind](parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part as never, offset);
    offset += part.length;
  }
  return all;
}

function unpack(kind: NumberKind, reader: WireReader, position: number): Numbers {
  if (kind === "float" || kind === "double") {
    const block = reader.block();
    const size = arrays[kind].BYTES_PER_ELEMENT;
    if (block.length % size !== 0) throw malformed("packed numbers end within one", position);
    // A typed array must begin at a multiple of its element's size; where it does not, it is copied.
    const aligned = block.byteOffset % size === 0 ? block : new Uint8Array(block);
    return new arrays[kind](aligned.buffer as ArrayBuffer, aligned.byteOffset, block.length / size);
  }
  return reader.within((end) => {
    let count = 0;
    for (let at = reader.position; at < end; at += 1) if ((reader.bytes[at] ?? 0) < 128) count += 1;
    const values = new arrays[kind](count);
    for (let index = 0; !reader.done; index += 1) values[index] = reader[kind]();
    return values;
  });
}
