import { readFile, writeFile } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Tensors } from "../../../src/inference/tensor.ts";
import { classifierModel, votingWeights } from "./onnx-file.ts";
import { identityModel } from "./onnx-graph.ts";
import { floats, openModel, startModel, until, type OpenModel } from "./open-model.ts";

const opened: OpenModel[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function open(...given: Parameters<typeof openModel>): Promise<OpenModel> {
  const model = await openModel(...given);
  opened.push(model);
  return model;
}

const patient = { timeout: 600_000 };
const echo = identityModel([{ name: "x", type: "float32", dims: ["N"] }]);
const x = (value: number): Tensors => ({ x: floats([1], () => value) });
const crashing = new URL("./crashing-worker.ts", import.meta.url);
const sticking = new URL("./stuck-worker.ts", import.meta.url);

/** A model whose run takes some tens of milliseconds. */
const slow = classifierModel({
  width: 512,
  classes: 4,
  detours: 500,
  weights: votingWeights(512, 4),
});
const row = (): Tensors => ({ features: floats([1, 512], () => 1) });

describe("a worker that ends during a run", () => {
  it("costs its batch and what waits an answer each, and is replaced", async () => {
    const { model, events } = await open(echo, { workerFile: crashing });
    const feeds = { features: floats([1, 4], () => 1) };
    const calls = [model.infer(feeds, patient)];
    // It is on its way; the others wait.
    await turn();
    calls.push(model.infer(feeds, patient), model.infer(feeds, patient));
    const codes = (await Promise.allSettled(calls)).map(
      (one) => one.status === "rejected" && (one.reason as { code: string }).code,
    );
    expect(codes).toEqual(["inference.crashed", "inference.unavailable", "inference.unavailable"]);
    expect(model.reason).toBe("the worker broke");
    await until(() => model.ready);
    expect(events).toEqual(["ready", "down: the worker broke", "ready"]);
    expect(model.reason).toBe(null);
  });
});

describe("a model that cannot be loaded", () => {
  it("says why, refuses callers, and serves once its file is mended", async () => {
    const one = await startModel(Buffer.from("no model"));
    opened.push(one);
    await until(() => one.events.length > 0);
    expect(one.events[0]).toMatch(/^down: .*protobuf/i);
    expect(one.model.ready).toBe(false);
    await expect(one.model.infer(x(1), patient)).rejects.toMatchObject({
      code: "inference.unavailable",
    });
    await writeFile(one.file, echo);
    await until(() => one.model.ready);
    expect((await one.model.infer(x(1), patient))["x_out"]?.data[0]).toBe(1);
  });

  it("is closed in the middle of its attempts", async () => {
    const one = await startModel(Buffer.from("no model"));
    await until(() => one.events.length > 0);
    await one.close();
    expect(one.events.length).toBe(1);
  });

  it("serves on from memory when its file is cut short", async () => {
    const { model, file } = await open(echo);
    await writeFile(file, (await readFile(file)).subarray(0, 10));
    expect((await model.infer(x(5), patient))["x_out"]?.data[0]).toBe(5);
  });
});

describe("a run that does not end", () => {
  const options = { workerFile: sticking, stuckAfter: 200 };

  it("answers its callers, makes the model unready and is reported, not ended", async () => {
    const { model, events } = await open(echo, options);
    const running = model.infer(x(1), patient);
    await turn();
    const waiting = model.infer({ x: floats([2], () => 1) }, patient);
    await expect(running).rejects.toMatchObject({ code: "inference.stuck" });
    await expect(waiting).rejects.toMatchObject({ code: "inference.unavailable" });
    expect(events).toEqual(["ready", "stuck"]);
    expect(model.ready).toBe(false);
    await expect(model.infer(x(1), patient)).rejects.toMatchObject({
      code: "inference.unavailable",
    });
    // It was only slow: the thread is the same, and serves again.
    await until(() => model.ready);
    expect(events).toEqual(["ready", "stuck", "ready"]);
    await expect(model.infer(x(1), patient)).rejects.toMatchObject({ code: "inference.stuck" });
  });

  it("does not hold up the end of the others", async () => {
    const { model, events } = await open(echo, options);
    const running = model.infer(x(1), patient).catch((error: unknown) => error);
    const start = performance.now();
    await model.close();
    expect(performance.now() - start).toBeLessThan(1400);
    expect(await running).toMatchObject({ code: "inference.stuck" });
    expect(events).toEqual(["ready", "stuck"]);
  });
});

describe("a caller who is gone, or whose time is over, before his request is there", () => {
  it("is told so, and nothing is computed", async () => {
    const { model, runs } = await open(echo);
    const signal = AbortSignal.abort();
    await expect(model.infer(x(1), { timeout: 60_000, signal })).rejects.toMatchObject({
      code: "inference.cancelled",
    });
    await expect(model.infer(x(1), { timeout: 0 })).rejects.toMatchObject({
      code: "inference.deadline",
    });
    expect(model.queued).toBe(0);
    expect(runs).toEqual([]);
  });
});

describe("a model that closes", () => {
  it("answers what runs and what waits, and turns away what comes", async () => {
    const { model } = await open(slow, { batchRows: 1 });
    const calls = [1, 2, 3].map(() => model.infer(row(), patient));
    const gone = new AbortController();
    const left = model.infer(row(), { ...patient, signal: gone.signal });
    const closed = model.close();
    gone.abort();
    await expect(left).rejects.toMatchObject({ code: "inference.cancelled" });
    await expect(model.infer(row(), patient)).rejects.toMatchObject({ code: "inference.draining" });
    expect((await Promise.all(calls)).length).toBe(3);
    await closed;
  });

  it("does so while it loads", async () => {
    const one = await startModel(slow);
    await one.close();
    expect(one.events).toEqual([]);
  });
});

describe("a full queue", () => {
  it("turns one row and many away alike, saying when to come back", async () => {
    const { model, ends } = await open(slow, { batchRows: 1, queueRows: 4 });
    const calls = [1, 2, 3, 4, 5].map(() => model.infer(row(), patient));
    const many = { features: floats([2, 512], () => 1) };
    for (const feeds of [row(), many]) {
      await expect(model.infer(feeds, patient)).rejects.toMatchObject({
        code: "inference.queue.full",
        retryAfter: 1,
      });
    }
    await Promise.all(calls);
    const enough = { features: floats([4, 512], () => 1) };
    expect((await model.infer(enough, patient))["probabilities"]?.dims).toEqual([4, 4]);
    await expect(
      model.infer({ features: floats([5, 512], () => 1) }, patient),
    ).rejects.toMatchObject({ code: "inference.too.large" });
    const outcomes = ends.map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "inference.queue.full").length).toBe(2);
  });
});

describe("a model that is resized", () => {
  it("changes its instances and batches while calls go on, none of which is lost", async () => {
    const { model, runs } = await open(echo, { batchRows: 2, queueRows: 10_000 });
    let going = true;
    let answered = 0;
    const caller = async (value: number): Promise<void> => {
      while (going) {
        const { x_out: answer } = await model.infer(x(value), patient);
        if (answer?.data[0] === value) answered += 1;
        else going = false;
      }
    };
    const callers = Promise.all(Array.from({ length: 20 }, (_, index) => caller(index)));
    expect(await model.resize({ instances: 3 })).toMatchObject({ instances: 3, batchRows: 2 });
    expect(Math.max(...runs.map(({ rows }) => rows))).toBe(2);
    await model.resize({ instances: 1, batchRows: 16 });
    const before = answered;
    await until(() => answered > before + 200);
    expect(going).toBe(true);
    going = false;
    await callers;
    expect(Math.max(...runs.map(({ rows }) => rows))).toBeGreaterThan(2);
    expect(model.capacity).toEqual({ instances: 1, batchRows: 16, batchTokens: 16_384 });
  });

  it("refuses numbers that make no sense, and goes on as it was", async () => {
    const { model } = await open(echo, { threads: 2 });
    for (const wanted of [{ instances: 0 }, { batchRows: 1.5 }, { instances: 2 }]) {
      await expect(model.resize(wanted)).rejects.toMatchObject({ code: "inference.input" });
    }
    expect(model.capacity).toMatchObject({ instances: 1, batchRows: 32 });
    expect((await model.infer(x(3), patient))["x_out"]?.data[0]).toBe(3);
  });
});
