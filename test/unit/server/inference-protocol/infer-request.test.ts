import { describe, expect, it } from "vitest";
import { datatypeNamed } from "../../../../src/server/inference-protocol/datatypes.ts";
import type { ModelShape } from "../../../../src/server/inference-protocol/infer-head.ts";
import { readInferRequest } from "../../../../src/server/inference-protocol/infer-request.ts";
import { RequestError } from "../../../../src/server/request-error.ts";

function takes(datatype: string, dims: (number | string)[], name = "x"): ModelShape {
  const type = datatypeNamed(datatype)?.type ?? datatype;
  return { inputs: [{ name, type, dims }], outputs: [{ name: "y", type, dims }] };
}

function read(model: ModelShape, document: unknown, tail: Uint8Array = Buffer.alloc(0)) {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  return readInferRequest({ text, bytes: Buffer.from(tail) }, model);
}

function refusal(model: ModelShape, document: unknown, tail?: Uint8Array): RequestError {
  try {
    read(model, document, tail);
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

const one = (input: object, more: object = {}): object => ({
  inputs: [{ name: "x", ...input }],
  ...more,
});

describe("tensors in JSON", () => {
  it("are read flat or nested, in every datatype that JSON has a form for", () => {
    const cases: [string, unknown[], unknown][] = [
      ["BOOL", [true, false, 1, 0], Uint8Array.of(1, 0, 1, 0)],
      ["UINT8", [0, 255, 1, 2], Uint8Array.of(0, 255, 1, 2)],
      ["UINT16", [0, 65_535, 1, 2], Uint16Array.of(0, 65_535, 1, 2)],
      ["UINT32", [0, 2 ** 32 - 1, 1, 2], Uint32Array.of(0, 2 ** 32 - 1, 1, 2)],
      ["INT8", [-128, 127, 1, 2], Int8Array.of(-128, 127, 1, 2)],
      ["INT16", [-32_768, 32_767, 1, 2], Int16Array.of(-32_768, 32_767, 1, 2)],
      ["INT32", [-(2 ** 31), 2 ** 31 - 1, 1, 2], Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 1, 2)],
      ["INT64", [-5, 5, "9007199254740993", 0], BigInt64Array.of(-5n, 5n, 2n ** 53n + 1n, 0n)],
      ["UINT64", ["18446744073709551615", 5, 1, 0], BigUint64Array.of(2n ** 64n - 1n, 5n, 1n, 0n)],
      ["FP32", [0.1, -1, "NaN", "-Infinity"], Float32Array.of(0.1, -1, NaN, -Infinity)],
      ["FP64", [0.1, 1e300, "Infinity", -2], Float64Array.of(0.1, 1e300, Infinity, -2)],
      ["BYTES", ["a", "", "grüß", "\0"], ["a", "", "grüß", "\0"]],
    ];
    for (const [datatype, data, expected] of cases) {
      const model = takes(datatype, ["N", 2]);
      const input = { datatype, shape: [2, 2] };
      const flat = read(model, one({ ...input, data })).feeds["x"];
      expect(flat, datatype).toMatchObject({ dims: [2, 2] });
      expect(flat?.data, datatype).toEqual(expected);
      const nested = [data.slice(0, 2), data.slice(2)];
      expect(read(model, one({ ...input, data: nested })).feeds["x"]?.data).toEqual(expected);
    }
  });

  it("keep every digit of whole numbers of 64 bits", () => {
    const text = `{"inputs":[{"name":"x","datatype":"INT64","shape":[2],"data":[-9223372036854775808,9007199254740993]}]}`;
    const { data } = read(takes("INT64", ["N"]), text).feeds["x"] ?? {};
    expect(data).toEqual(BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n));
  });

  it("are refused at once where a number is longer than 64 bits", () => {
    const document = (digits: string): string =>
      `{"inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":[${digits}]}]}`;
    const since = performance.now();
    for (const digits of ["1".repeat(21), "9".repeat(300), `-${"7".repeat(5_000_000)}`]) {
      const { status, code } = refusal(takes("INT64", ["N"]), document(digits));
      expect({ status, code }).toEqual({ status: 400, code: "inference.input" });
    }
    expect(performance.now() - since).toBeLessThan(1000);
    for (const digits of ["18446744073709551616", "-99999999999999999999"]) {
      const { errors } = refusal(takes("INT64", ["N"]), document(digits));
      expect(errors?.[0]?.detail).toContain(digits);
    }
  });

  it("may be scalars, empty, and nested to any rank", () => {
    expect(
      read(takes("FP32", []), one({ datatype: "FP32", shape: [], data: [7] })).feeds["x"],
    ).toEqual({ type: "float32", dims: [], data: Float32Array.of(7) });
    const empty = read(takes("FP32", ["N", 3]), one({ datatype: "FP32", shape: [0, 3], data: [] }));
    expect(empty.feeds["x"]).toMatchObject({ dims: [0, 3], data: new Float32Array(0) });
    const hollow = one({ datatype: "FP32", shape: [2, 0], data: [[], []] });
    expect(read(takes("FP32", ["N", "M"]), hollow).feeds["x"]).toMatchObject({ dims: [2, 0] });
    const deep = one({ datatype: "INT8", shape: [1, 2, 1, 2], data: [[[[1, 2]], [[3, 4]]]] });
    expect(read(takes("INT8", ["N", 2, 1, 2]), deep).feeds["x"]?.data).toEqual(
      Int8Array.of(1, 2, 3, 4),
    );
  });

  it("are refused when an element is no value of the datatype", () => {
    const cases: [string, unknown][] = [
      ["BOOL", 2],
      ["BOOL", "true"],
      ["UINT8", 256],
      ["UINT8", -1],
      ["INT8", 1.5],
      ["INT32", 2 ** 31],
      ["INT32", "1"],
      ["INT64", 1.5],
      ["INT64", 1e19],
      ["INT64", "9223372036854775808"],
      ["INT64", ""],
      ["UINT64", -1],
      ["FP32", 1e39],
      ["FP32", "1"],
      ["FP32", null],
      ["FP64", {}],
      ["FP64", "__proto__"],
      ["BYTES", 1],
      ["FP16", 1],
    ];
    for (const [datatype, value] of cases) {
      const document = one({ datatype, shape: [1], data: [value] });
      const error = refusal(takes(datatype, ["N"]), document);
      expect(error, `${datatype} ${JSON.stringify(value)}`).toMatchObject({
        status: 400,
        code: "inference.input",
        errors: [{ pointer: "/inputs/0/data" }],
      });
    }
  });
});

describe("an inference request", () => {
  const model: ModelShape = {
    inputs: [
      { name: "a", type: "float32", dims: ["N", 2] },
      { name: "b", type: "int64", dims: ["N"] },
    ],
    outputs: [
      { name: "p", type: "float32", dims: ["N"] },
      { name: "q", type: "float32", dims: ["N"] },
    ],
  };
  const a = { name: "a", datatype: "FP32", shape: [1, 2], data: [1, 2] };
  const b = { name: "b", datatype: "INT64", shape: [1], data: [3] };
  const inputs = [a, b];

  it("is answered with all outputs in the model's order, or those asked for in the caller's", () => {
    expect(read(model, { id: "7", inputs }).head).toMatchObject({
      id: "7",
      outputs: [
        { name: "p", binary: false },
        { name: "q", binary: false },
      ],
    });
    const outputs = [{ name: "q" }, { name: "p", parameters: { binary_data: false } }];
    const parameters = { binary_data_output: true };
    expect(read(model, { inputs, outputs, parameters }).head.outputs).toEqual([
      { name: "q", binary: true },
      { name: "p", binary: false },
    ]);
  });

  it("says its priority and how long it waits as Triton's clients do", () => {
    const scheduled = (parameters: object) => read(model, { inputs, parameters }).head;
    expect(scheduled({ priority: 1, timeout: 2500 })).toMatchObject({
      priority: "high",
      timeout: 2.5,
    });
    expect(scheduled({ priority: 3 }).priority).toBe("low");
    expect(scheduled({ priority: 0 }).priority).toBe("normal");
    expect(scheduled({ custom: "kept out of the way" }).timeout).toBeUndefined();
  });

  it("is read as well when it comes again with other bytes, or too few of them", () => {
    const again = takes("FP32", [-1, 2]);
    const size = { binary_data_size: 8 };
    const text = { inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], parameters: size }] };
    for (const numbers of [
      [1, 2],
      [3, 4],
    ]) {
      const tail = Buffer.from(Float32Array.from(numbers).buffer);
      const x = read(again, text, tail).feeds["x"];
      expect(x?.data).toEqual(Float32Array.from(numbers));
    }
    expect(refusal(again, text, Buffer.alloc(4)).status).toBe(400);
    expect(refusal(again, text, Buffer.alloc(12)).status).toBe(400);
    expect(refusal(takes("FP32", [-1, 3]), text, Buffer.alloc(8)).status).toBe(400);
  });

  it("is refused with the place of what is wrong", () => {
    const cases: [unknown, string][] = [
      ["[", ""],
      ["[]", ""],
      ["null", ""],
      [{}, "/inputs"],
      [{ inputs: {} }, "/inputs"],
      [{ inputs: [] }, "/inputs"],
      [{ inputs: [a] }, "/inputs"],
      [{ inputs: [null] }, "/inputs/0"],
      [{ inputs: [a, a] }, "/inputs/1/name"],
      [{ inputs: [a, b, { ...b, name: "c" }] }, "/inputs/2/name"],
      [{ inputs: [{ ...a, name: "__proto__" }] }, "/inputs/0/name"],
      [{ inputs: [{ ...a, name: ["a"] }] }, "/inputs/0/name"],
      [{ inputs: [{ ...a, datatype: "FLOAT" }] }, "/inputs/0/datatype"],
      [{ inputs: [{ ...a, datatype: "FP64" }] }, "/inputs/0/datatype"],
      [{ inputs: [{ ...a, datatype: "constructor" }] }, "/inputs/0/datatype"],
      [{ inputs: [{ ...a, shape: [2] }] }, "/inputs/0/shape"],
      [{ inputs: [{ ...a, shape: [1, 3] }] }, "/inputs/0/shape"],
      [{ inputs: [{ ...a, shape: [-1, 2] }] }, "/inputs/0/shape"],
      [{ inputs: [{ ...a, shape: [1.5, 2] }] }, "/inputs/0/shape"],
      [{ inputs: [{ ...a, shape: ["1", 2] }] }, "/inputs/0/shape"],
      [{ inputs: [{ ...a, shape: "1,2" }] }, "/inputs/0/shape"],
      [{ inputs: [{ ...a, shape: [2 ** 53, 2] }] }, "/inputs/0/shape"],
      [{ inputs: [{ ...a, shape: [2 ** 52, 2] }] }, "/inputs/0/shape"],
      [{ inputs: [{ ...a, shape: [2 ** 40, 2] }] }, "/inputs/0/data"],
      [{ inputs: [{ ...a, shape: Array(1000).fill(1) }] }, "/inputs/0/shape"],
      [{ inputs: [{ ...a, data: [1] }] }, "/inputs/0/data"],
      [{ inputs: [{ ...a, data: [[1], [2]] }] }, "/inputs/0/data"],
      [{ inputs: [{ ...a, data: [[1, 2], [3]] }] }, "/inputs/0/data"],
      [{ inputs: [{ ...a, data: [[[1, 2]]] }] }, "/inputs/0/data"],
      [{ inputs: [{ ...a, data: 1 }] }, "/inputs/0/data"],
      [{ inputs: [{ ...a, data: undefined }] }, "/inputs/0"],
      [{ inputs: [{ ...a, parameters: 1 }] }, "/inputs/0/parameters"],
      [{ inputs, id: 1 }, "/id"],
      [{ inputs, outputs: {} }, "/outputs"],
      [{ inputs, outputs: [{ name: "r" }] }, "/outputs/0/name"],
      [{ inputs, outputs: [{ name: "p" }, { name: "p" }] }, "/outputs/1/name"],
      [{ inputs, parameters: [] }, "/parameters"],
      [{ inputs, parameters: { priority: -1 } }, "/parameters/priority"],
      [{ inputs, parameters: { timeout: "1" } }, "/parameters/timeout"],
      [{ inputs, parameters: { binary_data_output: 1 } }, "/parameters/binary_data_output"],
      [{ inputs, parameters: { sequence_id: 1 } }, "/parameters/sequence_id"],
      [
        { inputs, outputs: [{ name: "p", parameters: { classification: 2 } }] },
        "/outputs/0/parameters/classification",
      ],
    ];
    for (const [document, pointer] of cases) {
      const error = refusal(model, document);
      const name = JSON.stringify(document)?.slice(0, 150);
      expect(error, name).toMatchObject({ status: 400, errors: [{ pointer }] });
      expect(error.message.length, name).toBeLessThan(500);
    }
  });

  it("is not followed into any depth", () => {
    const text = `{"inputs":[{"name":"a","datatype":"FP32","shape":[1,2],"data":${"[".repeat(100_000)}${"]".repeat(100_000)}}]}`;
    expect(refusal(model, text).errors).toMatchObject([{ pointer: "/inputs/0/data" }]);
    const long = text.replace('"FP32"', '"INT64"').replace("[1,2]", "[1,2000000000000000000000]");
    expect(refusal(model, long).status).toBe(400);
  });
});

describe("binary tensors", () => {
  const bytesOf = (data: ArrayBufferView) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const sized = (datatype: string, shape: number[], binary_data_size: unknown): object =>
    one({ datatype, shape, parameters: { binary_data_size } });

  it("of every datatype are read where they lie or copied where they must be", () => {
    const cases: [string, ArrayBufferView][] = [
      ["BOOL", Uint8Array.of(1, 0, 1)],
      ["UINT8", Uint8Array.of(1, 2, 255)],
      ["UINT16", Uint16Array.of(1, 2, 65_535)],
      ["UINT32", Uint32Array.of(1, 2, 2 ** 32 - 1)],
      ["UINT64", BigUint64Array.of(1n, 2n, 2n ** 64n - 1n)],
      ["INT8", Int8Array.of(1, 2, -128)],
      ["INT16", Int16Array.of(1, 2, -32_768)],
      ["INT32", Int32Array.of(1, 2, -(2 ** 31))],
      ["INT64", BigInt64Array.of(1n, 2n, -(2n ** 63n))],
      ["FP16", Uint16Array.of(0x3c_00, 0x7e_00, 0x80_00)],
      ["FP32", Float32Array.of(0.1, NaN, -0)],
      ["FP64", Float64Array.of(0.1, -Infinity, -0)],
    ];
    for (const [datatype, data] of cases) {
      const document = sized(datatype, [3], data.byteLength);
      for (const pad of ["", " ", "  ", "   ", "    ", "     ", "      ", "       "]) {
        const text = `${JSON.stringify(document)}${pad}`;
        const { feeds } = read(takes(datatype, ["N"]), text, bytesOf(data));
        const read32 = feeds["x"]?.data as unknown as ArrayBufferView;
        expect(bytesOf(read32).equals(bytesOf(data)), datatype).toBe(true);
        expect(read32.constructor).toBe(data.constructor);
      }
    }
  });

  it("of strings carry the length of each", () => {
    const tail = Buffer.from("\x03\0\0\0abc\0\0\0\0\x02\0\0\0ü");
    const { feeds } = read(takes("BYTES", ["N"]), sized("BYTES", [3], tail.length), tail);
    expect(feeds["x"]).toEqual({ type: "string", dims: [3], data: ["abc", "", "ü"] });
  });

  it("are refused when their bytes are not what was said", () => {
    const tail = bytesOf(Float32Array.of(1, 2, 3));
    const cases: [object, string, Buffer?][] = [
      [sized("FP32", [3], 11), "FP32"],
      [sized("FP32", [3], 13), "FP32"],
      [sized("FP32", [2], 12), "FP32"],
      [sized("FP32", [4], 12), "FP32"],
      [sized("FP32", [3], 2 ** 32), "FP32"],
      [sized("FP32", [2 ** 30], 2 ** 32), "FP32"],
      [sized("FP32", [3], -12), "FP32"],
      [sized("FP32", [3], "12"), "FP32"],
      [sized("FP32", [3], 2 ** 70), "FP32"],
      [sized("FP32", [2], 8), "FP32"],
      [one({ datatype: "FP32", shape: [1], data: [1] }), "FP32"],
      [
        one({
          datatype: "FP32",
          shape: [3],
          data: [1, 2, 3],
          parameters: { binary_data_size: 12 },
        }),
        "FP32",
      ],
      [sized("BOOL", [12], 12), "BOOL"],
      [sized("BYTES", [1], 12), "BYTES"],
      [sized("BYTES", [2 ** 40], 12), "BYTES"],
      [sized("BYTES", [1], 3), "BYTES", Buffer.from("abc")],
      [sized("BYTES", [1], 6), "BYTES", Buffer.from("\x03\0\0\0ab")],
      [sized("BYTES", [1], 6), "BYTES", Buffer.from("\xff\xff\xff\xffab", "latin1")],
      [sized("BYTES", [1], 6), "BYTES", Buffer.from("\x02\0\0\0\xc3\x28", "latin1")],
      [sized("BYTES", [1], 6), "BYTES", Buffer.from("\x01\0\0\0ab")],
    ];
    for (const [document, datatype, bytes = tail] of cases) {
      const error = refusal(takes(datatype, ["N"]), document, bytes);
      expect(error, JSON.stringify(document)).toMatchObject({
        status: 400,
        code: "inference.input",
      });
    }
  });
});
