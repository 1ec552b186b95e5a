import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode } from "../../../../src/inference/onnx/decode.ts";
import { encode } from "../../../../src/inference/onnx/encode.ts";
import { create } from "../../../../src/inference/onnx/message-schema.ts";
import type { MessageSchema } from "../../../../src/inference/onnx/message-schema.ts";
import type { AttributeProto, TensorProto } from "../../../../src/inference/onnx/messages.ts";
import { OnnxError } from "../../../../src/inference/onnx/onnx-error.ts";
import {
  attributeSchema,
  entrySchema,
  modelSchema,
  nodeSchema,
  tensorSchema,
} from "../../../../src/inference/onnx/schemas.ts";
import { WireReader } from "../../../../src/inference/onnx/wire-reader.ts";
import { WireWriter } from "../../../../src/inference/onnx/wire-writer.ts";

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const int32 = fc.integer();
const blob = fc.uint8Array({ maxLength: 40 });
const texts = fc.array(fc.string({ unit: "grapheme" }), { maxLength: 4 });

const tensors: fc.Arbitrary<TensorProto> = fc
  .record({
    dims: fc.array(int64, { maxLength: 5 }).map((list) => BigInt64Array.from(list)),
    dataType: int32,
    floatData: fc.float32Array({ maxLength: 9 }),
    int32Data: fc.int32Array({ maxLength: 9 }),
    int64Data: fc.bigInt64Array({ maxLength: 9 }),
    doubleData: fc.float64Array({ maxLength: 9 }),
    uint64Data: fc.bigUint64Array({ maxLength: 9 }),
    stringData: fc.array(blob, { maxLength: 3 }),
    rawData: fc.option(blob, { nil: undefined }),
    name: fc.option(fc.string({ unit: "grapheme" }), { nil: undefined }),
  })
  .map((given) => create(tensorSchema, given));

const attributes: fc.Arbitrary<AttributeProto> = fc
  .record({
    name: fc.string({ unit: "grapheme" }),
    i: fc.option(int64, { nil: undefined }),
    f: fc.option(fc.float({ noNaN: true }), { nil: undefined }),
    s: fc.option(blob, { nil: undefined }),
    t: fc.option(tensors, { nil: undefined }),
    ints: fc.bigInt64Array({ maxLength: 6 }),
    floats: fc.float32Array({ maxLength: 6 }),
    tensors: fc.array(tensors, { maxLength: 2 }),
  })
  .map((given) => create(attributeSchema, given));

const nodes = fc
  .record({ input: texts, output: texts, attribute: fc.array(attributes, { maxLength: 3 }) })
  .map((given) => create(nodeSchema, given));

function bytesOf<Message extends object>(schema: MessageSchema<Message>, message: Message): Buffer {
  return Buffer.concat(encode(schema, message));
}

/** A copy all the way down: what it was read from is not known of it. */
function rewritten<Message>(message: Message): Message {
  if (ArrayBuffer.isView(message) || typeof message !== "object" || message === null) {
    return message;
  }
  if (Array.isArray(message)) return message.map(rewritten) as Message;
  const entries = Object.entries(message).map(([key, value]) => [key, rewritten(value)]);
  return Object.fromEntries(entries) as Message;
}

function failureOf(action: () => unknown): OnnxError {
  try {
    action();
  } catch (error) {
    if (error instanceof OnnxError) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

describe("numbers on the wire", () => {
  test("every number of 64 bits comes back, signed and unsigned", () => {
    fc.assert(
      fc.property(int64, uint64, int32, (signed, unsigned, short) => {
        const writer = new WireWriter();
        for (const value of [signed, unsigned, BigInt(short)]) writer.varint(value);
        const reader = new WireReader(Buffer.concat(writer.finish()));
        expect([reader.int64(), reader.uint64(), reader.int32()]).toEqual([
          signed,
          unsigned,
          short,
        ]);
        expect(reader.done).toBe(true);
      }),
    );
  });

  test("known encodings are written: 1, 150, 300 and minus one", () => {
    const hex = (value: bigint): string => {
      const writer = new WireWriter();
      writer.varint(value);
      return Buffer.concat(writer.finish()).toString("hex");
    };
    expect([1n, 150n, 300n].map(hex)).toEqual(["01", "9601", "ac02"]);
    expect(hex(-1n)).toBe("ffffffffffffffffff01");
    expect(hex(2n ** 28n)).toBe("8080808001");
  });
});

describe("messages", () => {
  test("what is written is read again, all kinds of fields", () => {
    fc.assert(
      fc.property(nodes, (node) => {
        const read = decode(nodeSchema, bytesOf(nodeSchema, node));
        expect(plain(read)).toEqual(plain(node));
      }),
    );
  });

  test("a message written anew says the same, and the same again in the same bytes", () => {
    fc.assert(
      fc.property(nodes, (node) => {
        const bytes = bytesOf(nodeSchema, node);
        expect(bytesOf(nodeSchema, rewritten(decode(nodeSchema, bytes)))).toEqual(bytes);
      }),
    );
  });

  test("fields that are not known stay, byte for byte, also when their message is changed", () => {
    // Field 99 of every wire type, a group in a group among them; then name = "a" of the entry.
    const strange = Buffer.from(
      "98069601" +
        "99060102030405060708" +
        "9a0603616263" +
        "9b069b0608019c069c06" +
        "9d0601020304",
      "hex",
    );
    const bytes = Buffer.concat([strange, Buffer.from("0a0161", "hex")]);
    const entry = decode(entrySchema, bytes);
    expect(entry.key).toBe("a");
    expect(bytesOf(entrySchema, entry)).toEqual(bytes);
    const changed = bytesOf(entrySchema, { ...entry, key: "b" });
    expect(changed).toEqual(Buffer.concat([Buffer.from("0a0162", "hex"), strange]));
  });

  test("a known field of another wire type is kept, not misread", () => {
    const entry = decode(entrySchema, Buffer.from("0807120162", "hex"));
    expect([entry.key, entry.value]).toEqual([undefined, "b"]);
    const again = decode(entrySchema, bytesOf(entrySchema, { ...entry }));
    expect(again.unknown?.map((field) => Buffer.from(field).toString("hex"))).toEqual(["0807"]);
  });

  test("repeated numbers are read packed, unpacked and mixed", () => {
    const dims = (hex: string) => Array.from(decode(tensorSchema, Buffer.from(hex, "hex")).dims);
    expect(dims("08020803")).toEqual([2n, 3n]);
    expect(dims("0a020203")).toEqual([2n, 3n]);
    expect(dims("08010a0202030804")).toEqual([1n, 2n, 3n, 4n]);
  });

  test("a message in two parts is their sum, the later value winning", () => {
    const first = bytesOf(tensorSchema, create(tensorSchema, { name: "a", dataType: 1 }));
    const second = bytesOf(tensorSchema, create(tensorSchema, { name: "b" }));
    const part = (bytes: Buffer) => Buffer.concat([Buffer.from([0x2a, bytes.length]), bytes]);
    const { t } = decode(attributeSchema, Buffer.concat([part(first), part(second)]));
    expect([t?.name, t?.dataType]).toEqual(["b", 1]);
  });

  test("large bytes are views of the file, and are written without a copy", () => {
    const rawData = new Uint8Array(1_000_000).fill(7);
    const file = bytesOf(tensorSchema, create(tensorSchema, { rawData }));
    const tensor = decode(tensorSchema, file);
    expect(tensor.rawData?.buffer).toBe(file.buffer);
    const chunks = encode(tensorSchema, { ...tensor, name: "renamed" });
    expect(chunks.some((chunk) => chunk.buffer === file.buffer)).toBe(true);
  });

  test("a decoded message cannot be changed in place, where the change would be lost", () => {
    const entry = decode(entrySchema, Buffer.from("0a0161", "hex")) as { key?: string };
    expect(() => {
      entry.key = "b";
    }).toThrow(TypeError);
  });
});

describe("hostile input", () => {
  test("any bytes are read or refused with a position inside them, never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          expect(bytesOf(modelSchema, decode(modelSchema, bytes))).toEqual(Buffer.from(bytes));
        } catch (error) {
          if (!(error instanceof OnnxError)) throw error;
          expect(error.position).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("every truncation of a message is refused or is the end of a field", () => {
    const node = create(nodeSchema, { input: ["a", "b"], opType: "Add" });
    const bytes = bytesOf(nodeSchema, node);
    const whole: number[] = [];
    for (let length = 0; length < bytes.length; length += 1) {
      const action = () => decode(nodeSchema, bytes.subarray(0, length));
      if (lengthsOfFields(bytes).includes(length)) {
        action();
        whole.push(length);
      } else expect(failureOf(action).code).toBe("onnx.malformed");
    }
    expect(whole).toEqual([0, 3, 6]);
  });

  test("a claim of 4 GB is refused at once, with its place", () => {
    const error = failureOf(() => decode(tensorSchema, Buffer.from("08014affffffff0f0000", "hex")));
    expect(error.position).toBe(3);
    expect(error.message).toContain("claims 4294967295 bytes, of which 2 are there");
  });

  test("messages and groups in one another are followed to a limit", () => {
    const group = Buffer.concat([Buffer.alloc(1000, 0x5b), Buffer.alloc(1000, 0x5c)]);
    expect(failureOf(() => decode(modelSchema, group)).message).toContain("deep");
    let graph = Buffer.alloc(0);
    for (let depth = 0; depth < 60; depth += 1) graph = nest(nest(nest(graph, 6), 5), 1);
    const nested = nest(graph, 7);
    expect(failureOf(() => decode(modelSchema, nested)).message).toContain("deep");
  });

  test("numbers of more than ten bytes, fields without a number and false texts are refused", () => {
    const refused = (hex: string) =>
      failureOf(() => decode(entrySchema, Buffer.from(hex, "hex"))).message;
    expect(refused("98" + "ff".repeat(11))).toContain("longer than ten bytes");
    expect(refused("0001")).toContain("no valid number");
    expect(refused("0a02c328")).toContain("not UTF-8");
    expect(refused("0f")).toContain("wire type 7");
  });
});

/** An attribute's graph is field 6, a node's attribute 5, a graph's node 1, a model's graph 7. */
function nest(content: Buffer, field: number): Buffer<ArrayBuffer> {
  const writer = new WireWriter();
  writer.block(field, content);
  return Buffer.concat(writer.finish());
}

function lengthsOfFields(bytes: Buffer): number[] {
  const reader = new WireReader(bytes);
  const lengths: number[] = [];
  while (!reader.done) {
    lengths.push(reader.position);
    reader.skip(reader.tag(), 1);
  }
  return lengths;
}

/** Without what is absent; arrays of numbers compared by their bits, for there is more than one NaN. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex");
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries.map(([key, one]) => [key, plain(one)]));
}
