import { DecodedMessage } from "./decoded-message.ts";
import type { Field, MessageSchema, NumberKind, WithUnknown } from "./message-schema.ts";
import { wireTypes } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

/**
 * The bytes of a message, in chunks: large pieces are views of what the message holds. Known fields
 * are written in the order of their numbers, the unknown after them; a message that was decoded
 * and not changed, as it stood in its file.
 */
export function encode<Message extends object>(
  schema: MessageSchema<Message>,
  message: Message,
): Uint8Array[] {
  return encodePart(schema, message).finish();
}

function encodePart(schema: MessageSchema, message: object): WireWriter {
  const writer = new WireWriter();
  const source = DecodedMessage.sourceOf(message);
  if (source !== null) {
    writer.bytes(source);
    return writer;
  }
  const values = message as Record<string, unknown>;
  for (const [key, field] of schema.fields) {
    const value = values[key];
    if (value === undefined) continue;
    if (!field.repeated) encodeOne(writer, field, value);
    else if ("packed" in field && field.packed) encodePacked(writer, field, value as never);
    else for (const item of value as Iterable<unknown>) encodeOne(writer, field, item);
  }
  for (const field of (message as WithUnknown).unknown ?? []) writer.bytes(field);
  return writer;
}

function encodeOne(writer: WireWriter, field: Field, value: unknown): void {
  if (field.kind === "message") {
    writer.block(field.number, encodePart(field.schema(), value as object));
  } else if (field.kind === "bytes") writer.block(field.number, value as Uint8Array);
  else if (field.kind === "text") writer.block(field.number, Buffer.from(value as string));
  else {
    writer.tag(field.number, wireTypeOf[field.kind]);
    encodeNumber(writer, field.kind, value as number);
  }
}

const wireTypeOf: Record<NumberKind, number> = {
  int32: wireTypes.varint,
  int64: wireTypes.varint,
  uint64: wireTypes.varint,
  float: wireTypes.fixed32,
  double: wireTypes.fixed64,
};

function encodeNumber(writer: WireWriter, kind: NumberKind, value: number | bigint): void {
  if (kind === "float") writer.float(Number(value));
  else if (kind === "double") writer.double(Number(value));
  else writer.varint(BigInt(value));
}

type PackedField = Field & { kind: NumberKind };

function encodePacked(writer: WireWriter, field: PackedField, values: NumbersOf): void {
  if (values.length === 0) return;
  if (field.kind === "float" || field.kind === "double") {
    const { buffer, byteOffset, byteLength } = values;
    writer.block(field.number, new Uint8Array(buffer, byteOffset, byteLength));
    return;
  }
  const block = new WireWriter();
  for (const value of values) block.varint(BigInt(value));
  writer.block(field.number, Buffer.concat(block.finish()));
}

type NumbersOf = Float32Array | Float64Array | Int32Array | BigInt64Array | BigUint64Array;
