import {
  type Field,
  type MessageSchema,
  type NumberKind,
  type Numbers,
  emptyOf,
} from "./message-schema.ts";
import { sourceOf } from "./source-bytes.ts";
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

interface Progress {
  fields: number;
}

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
  return decodePart(schema, new WireReader(plain), 1, { fields: 0 }) as Message;
}

function decodePart(
  schema: MessageSchema,
  reader: WireReader,
  depth: number,
  progress: Progress,
): object {
  const start = reader.position;
  if (depth > maximumDepth) throw tooDeep(start);
  const draft: Draft = {};
  for (const [key, field] of schema.fields) if (field.repeated) draft[key] = emptyOf(field);
  const lists = new NumberLists();
  const unknown: Uint8Array[] = [];
  while (!reader.done) {
    const tag = reader.tag();
    progress.fields += 1;
    if (progress.fields > maximumFields) throw malformed("there are too many fields", tag.position);
    const [key, field] = schema.byNumber.get(tag.number) ?? [];
    if (key === undefined || field === undefined || !fits(field, tag)) {
      reader.skip(tag, depth);
      unknown.push(reader.bytes.subarray(tag.position, reader.position));
    } else if ("packed" in field && field.repeated) lists.add(key, field.kind, tag, reader);
    else decodeValue(draft, key, field, { reader, depth, progress });
  }
  lists.finish(draft);
  if (unknown.length > 0) draft["unknown"] = Object.freeze(unknown);
  for (const value of Object.values(draft)) if (Array.isArray(value)) Object.freeze(value);
  sourceOf.set(draft, reader.bytes.subarray(start, reader.end));
  return Object.freeze(draft);
}

/** A known number with another wire type is an unknown field, as in protobuf's own readers. */
function fits(field: Field, { wireType }: Tag): boolean {
  if (wireType === wireTypeOf[field.kind]) return true;
  return wireType === wireTypes.bytes && "packed" in field && field.repeated;
}

interface Place {
  reader: WireReader;
  depth: number;
  progress: Progress;
}

function decodeValue(draft: Draft, key: string, field: Field, place: Place): void {
  const value = decodeOne(draft[key], field, place);
  if (!field.repeated) draft[key] = value;
  else if (Object.isFrozen(draft[key])) draft[key] = [value];
  else (draft[key] as unknown[]).push(value);
}

function decodeOne(present: unknown, field: Field, place: Place): unknown {
  const { reader, depth, progress } = place;
  if ("packed" in field) return reader[field.kind]();
  const { position } = reader;
  const block = reader.block();
  if (field.kind === "bytes") return block;
  if (field.kind === "text") {
    try {
      return utf8.decode(block);
    } catch {
      throw malformed("a text is not UTF-8", position);
    }
  }
  // A message that comes in parts is the parts put together: that is how protobuf merges.
  const first =
    field.repeated || present === undefined ? undefined : sourceOf.get(present as object);
  if (first !== undefined) {
    const merged = new WireReader(Buffer.concat([first, block]));
    return decodePart(field.schema(), merged, depth + 1, progress);
  }
  const start = reader.position - block.length;
  const part = new WireReader(reader.bytes, start, reader.position);
  return decodePart(field.schema(), part, depth + 1, progress);
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
  const block = reader.block();
  const start = reader.position - block.length;
  if (kind === "float" || kind === "double") {
    const size = arrays[kind].BYTES_PER_ELEMENT;
    if (block.length % size !== 0) throw malformed("packed numbers end within one", position);
    // A typed array must begin at a multiple of its element's size; where it does not, it is copied.
    const aligned = block.byteOffset % size === 0 ? block : new Uint8Array(block);
    return new arrays[kind](aligned.buffer as ArrayBuffer, aligned.byteOffset, block.length / size);
  }
  let count = 0;
  for (const byte of block) if (byte < 128) count += 1;
  const values = new arrays[kind](count);
  const part = new WireReader(reader.bytes, start, reader.position);
  for (let index = 0; !part.done; index += 1) values[index] = part[kind]();
  return values;
}
