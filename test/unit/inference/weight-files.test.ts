import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { moveOut } from "../../../src/inference/onnx/external-data.ts";
import { encodeModel } from "../../../src/inference/onnx/model-file.ts";
import { encoder } from "../../support/network-models.ts";
import { type TestRepository, openRepository, until } from "./model-repository.ts";

let repository: TestRepository;
afterEach(() => repository.close());

/** Rows of the table that stays as it is stored, and is read in each run. */
const vocabulary = 20_000;
const shape = { layers: 1, width: 64, heads: 4 };

/** A folder as Hugging Face has it, its weights in a file beside the model. */
function folder(location: string, rows = vocabulary): Record<string, string | Buffer> {
  const { model, chunks } = moveOut(encoder({ ...shape, vocabulary: rows }), location, 1024);
  return {
    "net/config.json": '{"model_type": "bert"}',
    "net/onnx/model.onnx": encodeModel(model),
    [`net/onnx/${location}`]: Buffer.concat(chunks),
  };
}

async function open(files: Record<string, string | Buffer>): Promise<TestRepository> {
  repository = await openRepository(files, { instances: 1 });
  repository.pool.start();
  await until(() => repository.pool.settled);
  return repository;
}

/** What the model makes of one token. */
async function answer(token: number, name = "net"): Promise<number[]> {
  const dims = [1, 1];
  const feeds = {
    input_ids: { type: "int64", dims, data: BigInt64Array.of(BigInt(token)) },
    attention_mask: { type: "int64", dims, data: BigInt64Array.of(1n) },
  };
  const outputs = await repository.pool.require(name).infer(feeds, { timeout: 20_000 });
  return Array.from(outputs["last_hidden_state"]?.data as Float32Array);
}

const file = (name: string) => join(repository.folder, "net", "onnx", name);

describe("a model whose weights lie in a file beside it", () => {
  it.each(["model.onnx_data", "./weights.bin", "part/weights.bin"])(
    "answers as one that holds them, with %s",
    async (location) => {
      const whole = encodeModel(encoder({ ...shape, vocabulary }));
      const { pool } = await open({ ...folder(location), "whole/1/model.onnx": whole });
      expect(pool.index().map(({ reason }) => reason)).toEqual([null, null]);
      expect(await answer(7)).toEqual(await answer(7, "whole"));
      expect(pool.find("net")?.record.bytes).toBeGreaterThan(whole.length);
    },
  );

  it("answers as before while the file is written over or cut short", async () => {
    await open(folder("weights.bin"));
    const before = await answer(vocabulary - 1);
    const weights = await readFile(file("weights.bin"));
    await writeFile(file("weights.bin"), Buffer.alloc(weights.length));
    expect(await answer(vocabulary - 1)).toEqual(before);
    await truncate(file("weights.bin"), 1000);
    expect(await answer(vocabulary - 1)).toEqual(before);
    await expect(repository.pool.load("net")).rejects.toMatchObject({ code: "model.unloadable" });
    expect(await answer(vocabulary - 1)).toEqual(before);
  });

  it("is loaded anew when only that file has changed", async () => {
    await open(folder("weights.bin"));
    const before = await answer(3);
    const weights = await readFile(file("weights.bin"));
    const numbers = new Float32Array(weights.buffer, weights.byteOffset, weights.length / 4);
    await repository.replace(
      "net/onnx/weights.bin",
      Buffer.from(numbers.map((one) => -one).buffer),
    );
    await repository.pool.load("net");
    const after = await answer(3);
    expect(after).toHaveLength(before.length);
    expect(after).not.toEqual(before);
  });

  it("cannot be loaded without the file, and says so", async () => {
    const { "net/onnx/weights.bin": _, ...files } = folder("weights.bin", 100);
    const { pool } = await open(files);
    expect(pool.index()).toMatchObject([
      { state: "UNAVAILABLE", reason: expect.stringContaining("weights.bin") as string },
    ]);
  });
});
