import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { graph, model, node, tensor, value } from "../../../../src/inference/onnx/build.ts";
import { elementTypes } from "../../../../src/inference/onnx/element-types.ts";
import {
  externalFiles,
  loadTensor,
  moveOut,
} from "../../../../src/inference/onnx/external-data.ts";
import { create } from "../../../../src/inference/onnx/message-schema.ts";
import type { ModelProto, TensorProto } from "../../../../src/inference/onnx/messages.ts";
import {
  encodeModel,
  readModel,
  writeChunks,
  writeModel,
} from "../../../../src/inference/onnx/model-file.ts";
import { entrySchema, tensorSchema } from "../../../../src/inference/onnx/schemas.ts";
import { elementsOf } from "../../../../src/inference/onnx/tensor-elements.ts";
import { runDirectly } from "../../../support/runtime.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-onnx-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A model that adds `weights` to its input. */
function adding(weights: TensorProto): ModelProto {
  return model({
    graph: graph({
      name: "adding",
      node: [node("Add", ["x", "weights"], ["y"])],
      initializer: [weights],
      input: [value("x", "float32", ["N"])],
      output: [value("y", "float32", ["N"])],
    }),
    operatorSets: { "": 17 },
  });
}

const values = Float32Array.from({ length: 3000 }, (_, index) => index / 7);

describe("the elements of a tensor", () => {
  test("are the same from raw bytes and from the field of their type", () => {
    const raw = tensor("t", "float32", [2, 2], Float32Array.of(1, -2, Infinity, 0.5));
    const { rawData: _, ...rest } = raw;
    const typed = { ...rest, floatData: Float32Array.of(1, -2, Infinity, 0.5) };
    expect(elementsOf(typed)).toEqual(elementsOf(raw));
    const narrow = (type: keyof typeof elementTypes, numbers: number[]) =>
      elementsOf(
        create(tensorSchema, {
          dims: BigInt64Array.of(BigInt(numbers.length)),
          dataType: elementTypes[type].number,
          int32Data: Int32Array.from(numbers),
        }),
      ).data;
    expect(narrow("int8", [-1, 127])).toEqual(Int8Array.of(-1, 127));
    expect(narrow("uint16", [65535, 1])).toEqual(Uint16Array.of(65535, 1));
    expect(narrow("bool", [1, 0])).toEqual(Uint8Array.of(1, 0));
    expect(narrow("float16", [0x3c00, 0xc000])).toEqual(Float16Array.of(1, -2));
    expect(narrow("int32", [-5, 5])).toEqual(Int32Array.of(-5, 5));
  });

  test("uint32 stand in numbers of 64 bits, four-bit numbers two in a byte", () => {
    const dims = BigInt64Array.of(3n);
    const wide = { dims, dataType: 12, uint64Data: BigUint64Array.of(1n, 2n, 4_294_967_295n) };
    expect(elementsOf(create(tensorSchema, wide)).data).toEqual(
      Uint32Array.of(1, 2, 4_294_967_295),
    );
    const packed = { dims, dataType: 22, rawData: Uint8Array.of(0x21, 0x03) };
    expect(elementsOf(create(tensorSchema, packed)).data).toEqual(Uint8Array.of(0x21, 0x03));
  });

  test("are a view of the file, also of one read from disk", async () => {
    const file = join(folder, "model.onnx");
    await writeModel(file, adding(tensor("weights", "float32", [3000], values)));
    const read = (await readModel(file)).graph?.initializer[0];
    expect(elementsOf(read as TensorProto).data).toEqual(values);
    const again = tensor("t", "float32", [3000], values);
    expect((elementsOf(again).data as Float32Array).buffer).toBe(values.buffer);
  });

  test("that are not as many as the dimensions say are refused, also for absurd dimensions", () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -5n, max: 2n ** 62n }), { maxLength: 4 }), (dims) => {
        const claimed = {
          ...tensor("t", "float32", [2], Float32Array.of(1, 2)),
          dims: BigInt64Array.from(dims),
        };
        const right = dims.reduce((product, size) => product * size, 1n) === 2n;
        if (right && dims.every((size) => size > 0n))
          expect(elementsOf(claimed).dims.length).toBe(dims.length);
        else expect(() => elementsOf(claimed)).toThrow(/"t" cannot be read/);
      }),
    );
  });
});

describe("a model", () => {
  test("with tensors beside it runs in ONNX Runtime, and its tensors are read from there", async () => {
    const inside = adding(tensor("weights", "float32", [3000], values));
    const { model: outside, chunks } = moveOut(inside, "model.onnx.data", 1024);
    await writeChunks(join(folder, "model.onnx.data"), chunks);
    const file = join(folder, "model.onnx");
    expect(await writeModel(file, outside)).toBeLessThan(400);
    expect(externalFiles(outside)).toEqual(["model.onnx.data"]);
    const stored = (await readModel(file)).graph?.initializer[0] as TensorProto;
    expect(elementsOf(await loadTensor(stored, folder)).data).toEqual(values);
    const x = { type: "float32", dims: [3000], data: new Float32Array(3000).fill(1) };
    const direct = await runDirectly(encodeModel(inside), { x });
    expect((await runDirectly(file, { x }))["y"]?.data).toEqual(direct["y"]?.data);
  });

  test("names the files of all its tensors, those of attributes and subgraphs too", () => {
    const beside = (location: string): TensorProto => ({
      ...tensor("t", "float32", [1], new Float32Array(1)),
      rawData: undefined,
      dataLocation: 1,
      externalData: [create(entrySchema, { key: "location", value: location })],
    });
    const body = graph({ name: "body", initializer: [beside("b.bin")] });
    const attributes = { value: { tensor: beside("c.bin") }, then_branch: { graph: body } };
    const whole = graph({
      node: [node("If", ["x"], ["y"], { attributes })],
      initializer: [beside("a.bin")],
    });
    const files = externalFiles(model({ graph: whole, operatorSets: { "": 17 } }));
    expect(files).toEqual(["a.bin", "c.bin", "b.bin"]);
  });

  test("whose tensors lie outside its folder, or are cut off, is refused", async () => {
    const at = (location: string, more: Record<string, string> = {}) =>
      loadTensor(
        {
          ...tensor("w", "float32", [4], new Float32Array(4)),
          rawData: undefined,
          dataLocation: 1,
          externalData: Object.entries({ location, ...more }).map(([key, value]) =>
            create(entrySchema, { key, value }),
          ),
        },
        inner,
      );
    const inner = join(folder, "model");
    await mkdir(join(inner, "a"), { recursive: true });
    for (const place of [folder, inner]) await writeFile(join(place, "w.bin"), Buffer.alloc(16, 1));
    await symlink(join(inner, "w.bin"), join(inner, "link.bin"));
    await symlink(folder, join(inner, "out"));
    spawnSync("mkfifo", [join(inner, "pipe.bin")]);
    expect((await at("w.bin")).rawData).toEqual(new Uint8Array(16).fill(1));
    for (const place of [
      "../w.bin",
      "/etc/passwd",
      "a/../../w.bin",
      "",
      "w.bin\0",
      "link.bin",
      "out/w.bin",
      "pipe.bin",
      "a",
    ]) {
      await expect(at(place)).rejects.toMatchObject({ code: "onnx.external" });
    }
    await expect(at("w.bin", { offset: "4" })).rejects.toThrow("its length is 12");
    await expect(at("w.bin", { offset: "9".repeat(30) })).rejects.toThrow("its offset is");
    await expect(at("w.bin", { length: "16", offset: "1" })).rejects.toThrow("ends at 16");
    await expect(at("none.bin")).rejects.toMatchObject({ code: "onnx.external" });
  });

  test("of more than 2 GiB is not read into memory, and the way out is named", async () => {
    const file = join(folder, "large.onnx");
    await writeFile(file, "");
    await truncate(file, 2 ** 31);
    await expect(readModel(file)).rejects.toThrow(/2147483648 bytes.*keep their tensors beside/);
  });

  test("that is something else is refused by name", async () => {
    const file = join(folder, "model.onnx");
    await writeFile(file, "version https://git-lfs.github.com/spec/v1\n");
    await expect(readModel(file)).rejects.toThrow(file);
    await expect(readModel(join(folder, "none"))).rejects.toMatchObject({
      code: "onnx.unreadable",
    });
  });
});
