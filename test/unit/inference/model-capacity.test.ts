import { readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { findModels } from "../../../src/inference/models.ts";
import { ModelPool } from "../../../src/inference/model-pool.ts";
import type { LoadedModel } from "../../../src/inference/model.ts";
import { identityModel } from "../../support/test-models.ts";
import { floats, until } from "./open-model.ts";

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A model in a folder, with this configuration beside it and nothing said by the pool. */
async function open(configuration: object): Promise<LoadedModel> {
  const folder = await mkdtemp(join(tmpdir(), "studio-capacity-"));
  const version = join(folder, "models", "echo", "1");
  await mkdir(version, { recursive: true });
  await writeFile(join(version, "model.onnx"), identityModel("float32"));
  await writeFile(join(version, "config.yaml"), JSON.stringify(configuration));
  const records = await findModels([join(folder, "models")], folder);
  const log = { info: () => undefined, error: () => undefined };
  const pool = new ModelPool(records, { log });
  closing.push(
    () => pool.close(),
    () => rm(folder, { recursive: true }),
  );
  pool.start();
  await until(() => pool.ready);
  return pool.find("echo") as LoadedModel;
}

const call = (model: LoadedModel, rows: number) =>
  model.infer({ x: floats([rows, 2], (index) => index) }, { timeout: 60_000 });

/** Threads of this process, as Linux counts them. */
const threads = (): number => readdirSync("/proc/self/task").length;

test("a model has as many instances as there are processors but one, where nothing is said", async () => {
  const { capacity } = await open({});
  const instances = Math.max(1, availableParallelism() - 1);
  expect(capacity).toEqual({ instances, batchRows: 32, batchTokens: 16_384 });
});

test("what its configuration says of instances, batches and the queue holds", async () => {
  const batching = { rows: 3, tokens: 100, queue: 5 };
  const model = await open({ instances: 2, batching });
  expect(model.capacity).toEqual({ instances: 2, batchRows: 3, batchTokens: 100 });
  expect((await call(model, 5))["y"]?.dims).toEqual([5, 2]);
  await expect(call(model, 6)).rejects.toMatchObject({ code: "inference.too.large" });
});

test.skipIf(process.platform !== "linux")(
  "a session computes on one thread, or on as many as the configuration says",
  async () => {
    // Whatever the first one starts besides.
    await call(await open({ instances: 1 }), 1);
    const before = threads();
    await call(await open({ instances: 1 }), 1);
    const single = threads() - before;
    const model = await open({ threads: 4 });
    await call(model, 1);
    // The thread that calls the session is the first of its four.
    expect(threads() - before - single).toBe(single + 3);
    // More threads for one run are for a short wait, not for many runs at once.
    expect(model.capacity.instances).toBe(1);
  },
);
