import { createHash } from "node:crypto";
import { truncate, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { MemoryBudget } from "../../../src/inference/memory-budget.ts";
import type { OpenModelsOptions } from "../../../src/inference/open-models.ts";
import {
  type TestRepository,
  choiceOf,
  feeds,
  modelFor,
  openRepository,
  until,
} from "./model-repository.ts";

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(
  files: Record<string, string | Buffer>,
  options: Partial<OpenModelsOptions> = {},
): Promise<TestRepository> {
  const repository = await openRepository(files, options);
  closing.push(() => repository.close());
  repository.pool.start();
  await until(() => repository.pool.settled);
  return repository;
}

const timeout = 20_000;

describe("versions", () => {
  it("are served at once; the highest answers, unless another one is configured", async () => {
    const { pool, write } = await open({
      "a/9/model.onnx": modelFor(1),
      "a/10/model.onnx": modelFor(2),
    });
    expect(pool.index()).toMatchObject([
      { name: "a", version: "10", state: "READY", reason: null, isDefault: true },
      { name: "a", version: "9", state: "READY", isDefault: false },
    ]);
    expect([await choiceOf(pool, "a"), await choiceOf(pool, "a", "9")]).toEqual([2, 1]);
    await write("a/config.yaml", "defaultVersion: 9");
    await pool.load("a");
    expect(await choiceOf(pool, "a")).toBe(1);
    await pool.unload("a", "9");
    expect(pool.find("a")).toBeUndefined();
    expect(await choiceOf(pool, "a", "10")).toBe(2);
  });

  it("can be unloaded and loaded again; an unknown one is told", async () => {
    const { pool } = await open({ "a/1/model.onnx": modelFor(1), "a/2/model.onnx": modelFor(2) });
    await pool.unload("a", "2");
    expect(pool.index()[0]).toMatchObject({ state: "UNAVAILABLE", reason: "unloaded" });
    expect(await choiceOf(pool, "a")).toBe(1);
    expect(() => pool.require("a", "2")).toThrow(/not served: unloaded/);
    expect(pool.ready).toBe(true);
    await pool.load("a", "2");
    expect(await choiceOf(pool, "a")).toBe(2);
    await expect(pool.load("b")).rejects.toMatchObject({ code: "model.unknown" });
    await expect(pool.load("a", "7")).rejects.toMatchObject({ code: "model.unknown" });
    await expect(pool.unload("a", "7")).rejects.toMatchObject({ code: "model.unknown" });
    expect(() => pool.require("a", "7")).toThrow(/no model "a" of version 7/);
  });

  it("that the configuration no longer asks for are unloaded with the next load", async () => {
    const { pool, write } = await open({
      "a/1/model.onnx": modelFor(1),
      "a/2/model.onnx": modelFor(2),
    });
    await write("a/config.yaml", "versions: 1");
    await pool.load("a");
    expect(pool.index().map(({ state }) => state)).toEqual(["READY", "UNAVAILABLE"]);
  });
});

describe("what is broken", () => {
  it("is UNAVAILABLE with its reason, and the others are served", async () => {
    const hash = createHash("sha256").update("else").digest("hex");
    const { pool, folder } = await open({
      "good/1/model.onnx": modelFor(3),
      "cut/1/model.onnx": modelFor(1).subarray(0, 100),
      "empty/1/model.onnx": "",
      "hash/1/model.onnx": modelFor(1),
      "hash/1/SHA256SUMS": `${hash}  model.onnx\n`,
      "key/1/model.onnx": modelFor(1),
      "key/config.yaml": "defaultVersion: 8",
    });
    expect(await choiceOf(pool, "good")).toBe(3);
    const reasons = pool.index().map(({ name, state, reason }) => [name, state, reason]);
    const broken = (name: string, reason: RegExp) => [
      name,
      "UNAVAILABLE",
      expect.stringMatching(reason) as string,
    ];
    expect(reasons).toEqual([
      broken("cut", /protobuf|parse/i),
      broken("empty", /the file is empty/),
      ["good", "READY", null],
      broken("hash", /has the SHA-256/),
      broken("key", /names version 8/),
    ]);
    expect(JSON.stringify(reasons)).not.toContain(folder);
    expect(JSON.stringify(reasons)).toContain("key/config.yaml");
    expect(pool.ready).toBe(false);
    expect(() => pool.require("hash")).toThrow(/is not served: The manifest/);
    await expect(pool.load("hash")).rejects.toMatchObject({ code: "model.unloadable" });
    await expect(pool.load("key")).rejects.toMatchObject({ code: "model.unloadable" });
  });

  it("is served once it was mended and loaded again", async () => {
    const { pool, write } = await open({
      "a/1/model.onnx": modelFor(1).subarray(0, 100),
      "b/1/model.onnx": modelFor(1),
      "b/config.yaml": "versions: none",
    });
    await write("a/1/model.onnx", modelFor(2));
    await pool.load("a");
    await write("b/config.yaml", "versions: all");
    await pool.load("b");
    expect([await choiceOf(pool, "a"), await choiceOf(pool, "b")]).toEqual([2, 1]);
    expect(pool.ready).toBe(true);
  });

  it("does not fit into memory: it is not loaded, and says what it needs", async () => {
    const budget = new MemoryBudget(() => 5000);
    const { pool } = await open(
      {
        "a/1/model.onnx": modelFor(1),
        "b/1/model.onnx": modelFor(1),
        "b/1/config.yaml": "instances: 40",
      },
      { budget },
    );
    expect(pool.index().map(({ state }) => state)).toEqual(["READY", "UNAVAILABLE"]);
    expect(pool.index()[1]?.reason).toMatch(/needs about \d+ MB of memory for 40 instances/);
    await expect(pool.load("b")).rejects.toMatchObject({ code: "model.memory" });
  });
});

describe("a reload", () => {
  it("under load lets no request fail, and from then on the new content answers", async () => {
    const { pool, replace } = await open({ "a/1/model.onnx": modelFor(0) });
    let running = true;
    let answered = 0;
    const held = pool.require("a");
    const callers = Array.from({ length: 8 }, async (_, index) => {
      while (running) {
        // Half of the callers keep the model that they found at the start.
        const model = index % 2 === 0 ? held : pool.require("a");
        await model.infer(feeds(), { timeout });
        answered++;
      }
    });
    for (const choice of [1, 2, 3]) {
      await replace("a/1/model.onnx", modelFor(choice));
      await pool.load("a");
      expect(await choiceOf(pool, "a")).toBe(choice);
      await pool.reload("a");
    }
    running = false;
    await Promise.all(callers);
    expect(answered).toBeGreaterThan(50);
    expect(pool.all()).toHaveLength(1);
  });

  it("of a truncated or wrong file leaves in service what serves, and says why", async () => {
    const { pool, folder, write, replace } = await open({ "a/1/model.onnx": modelFor(1) });
    await truncate(join(folder, "a/1/model.onnx"), 50);
    expect(await choiceOf(pool, "a")).toBe(1);
    await expect(pool.load("a")).rejects.toMatchObject({ code: "model.unloadable" });
    expect(pool.index()[0]).toMatchObject({
      state: "READY",
      reason: expect.stringMatching(/protobuf|parse/i) as string,
    });
    await replace("a/1/model.onnx", modelFor(2));
    await write("a/1/SHA256SUMS", `${"0".repeat(64)}  model.onnx\n`);
    await expect(pool.load("a")).rejects.toMatchObject({ code: "model.unloadable" });
    expect(await choiceOf(pool, "a")).toBe(1);
    await rm(join(folder, "a/1/SHA256SUMS"));
    await pool.load("a");
    expect(pool.index()[0]).toMatchObject({ state: "READY", reason: null });
    expect(await choiceOf(pool, "a")).toBe(2);
  });

  it("happens too where only the texts beside a model have changed", async () => {
    const { pool, write } = await open({
      "a/1/model.onnx": modelFor(1),
      "a/1/tokenizer.json": "{}",
    });
    const before = pool.find("a");
    await write("a/1/tokenizer.json", '{"other":1}');
    await pool.load("a");
    expect(pool.find("a")?.record).not.toBe(before?.record);
  });

  it("is none where nothing has changed", async () => {
    const { pool, log } = await open({ "a/1/model.onnx": modelFor(1) });
    const before = pool.find("a");
    await pool.load("a");
    expect(pool.find("a")).toBe(before);
    await pool.reload("a");
    expect(pool.find("a")).not.toBe(before);
    expect(log.map(({ message }) => message)).toEqual(["model ready", "model ready"]);
  });
});

describe("a worker that is lost", () => {
  it("leaves no content behind that the record does not tell of", async () => {
    const workerFile = new URL("./crashing-worker.ts", import.meta.url);
    const { pool, replace } = await open({ "a/1/model.onnx": modelFor(1) }, { workerFile });
    const changed = modelFor(2);
    await replace("a/1/model.onnx", changed);
    // The worker that takes its place reads the file as it is now.
    await expect(choiceOf(pool, "a")).rejects.toMatchObject({ code: "inference.crashed" });
    const sha256 = createHash("sha256").update(changed).digest("hex");
    await until(() => pool.find("a")?.record.sha256 === sha256);
    expect(pool.ready).toBe(true);
  });

  it("and whose file is no longer the manifest's is not replaced: nothing is served", async () => {
    const workerFile = new URL("./crashing-worker.ts", import.meta.url);
    const hash = createHash("sha256").update(modelFor(1)).digest("hex");
    const { pool, replace } = await open(
      { "a/1/model.onnx": modelFor(1), "a/1/SHA256SUMS": `${hash}  model.onnx\n` },
      { workerFile },
    );
    await replace("a/1/model.onnx", modelFor(2));
    await expect(choiceOf(pool, "a")).rejects.toMatchObject({ code: "inference.crashed" });
    await until(() => pool.find("a") === undefined);
    expect(pool.index()[0]).toMatchObject({
      state: "UNAVAILABLE",
      reason: expect.stringContaining("has the SHA-256") as string,
    });
  });
});

describe("warm-up requests", () => {
  it("are answered before a model is ready; one that fails keeps it from being served", async () => {
    const rows: number[] = [];
    const good = "warmUp: [{ features: { shape: [3, 4], fill: 0.5 } }]";
    const wide = "warmUp: [{ features: { shape: [1, 5] } }]";
    const { pool, write } = await open(
      {
        "a/1/model.onnx": modelFor(1),
        "a/1/config.yaml": good,
        "b/1/model.onnx": modelFor(1),
        "b/1/config.yaml": wide,
      },
      { ran: (_record, run) => rows.push(run.rows) },
    );
    expect(rows).toContain(3);
    expect(pool.index().map(({ state }) => state)).toEqual(["READY", "UNAVAILABLE"]);
    await write("a/1/config.yaml", wide);
    await expect(pool.load("a")).rejects.toMatchObject({ code: "model.unloadable" });
    expect(await choiceOf(pool, "a")).toBe(1);
  });
});

describe("a watch", () => {
  it("takes changed, new and mended versions into service, and no half-written one", async () => {
    const { pool, write, folder } = await open({ "a/1/model.onnx": modelFor(0) });
    pool.watch(40);
    const whole = modelFor(1);
    for (let end = 40; end < whole.length; end += 40) {
      await write("a/1/model.onnx", whole.subarray(0, end));
      await sleep(20);
      expect(await choiceOf(pool, "a")).toBe(0);
    }
    await write("a/1/model.onnx", whole);
    await until(async () => (await choiceOf(pool, "a")) === 1);
    await write("a/2/model.onnx", whole.subarray(0, 90));
    await until(() => pool.index()[0]?.state === "UNAVAILABLE" && pool.index()[0]?.reason !== null);
    expect(await choiceOf(pool, "a")).toBe(1);
    expect(pool.ready).toBe(true);
    await write("a/2/model.onnx", modelFor(2));
    await until(async () => (await choiceOf(pool, "a")) === 2);
    await write("b/1/model.onnx", modelFor(3));
    await until(() => pool.find("b")?.ready === true);
    await rm(join(folder, "a"), { recursive: true });
    await sleep(200);
    expect(await choiceOf(pool, "a")).toBe(2);
  });

  it("leaves out of service what was unloaded", async () => {
    const { pool, replace } = await open({ "a/1/model.onnx": modelFor(0) });
    await pool.unload("a");
    pool.watch(20);
    await replace("a/1/model.onnx", modelFor(1));
    await sleep(200);
    expect(pool.index()[0]?.reason).toBe("unloaded");
  });
});
