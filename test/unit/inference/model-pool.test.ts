import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { ModelPool, type PoolOptions } from "../../../src/inference/model-pool.ts";
import type { LoadedModel } from "../../../src/inference/model.ts";
import type { Tensors } from "../../../src/inference/tensor.ts";
import { createModel } from "./model-folder.ts";
import type { ClassifierShape } from "./onnx-file.ts";

const width = 4;
const closing: (() => Promise<unknown>)[] = [];
const log: string[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  log.length = 0;
});

async function open(
  shape: Partial<ClassifierShape> = {},
  options: Partial<PoolOptions> = {},
): Promise<{ pool: ModelPool; model: LoadedModel }> {
  const { folder, record } = await createModel({ width, classes: 4, ...shape });
  const logger = {
    info: (_fields: object, message: string) => log.push(message),
    error: (_fields: object, message: string) => log.push(message),
  };
  const pool = new ModelPool([record], { log: logger, ...options });
  closing.push(
    () => pool.close(),
    () => rm(folder, { recursive: true }),
  );
  pool.start();
  await until(() => pool.ready);
  return { pool, model: pool.find("voting") as LoadedModel };
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    if (condition()) return;
    await sleep(10);
  }
  throw new Error("the condition did not come true");
}

/** `rows` rows that vote for `choice`. */
function vote(choice: number, rows = 1, columns = width): Tensors {
  const data = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) data[row * columns + choice] = 1;
  return { features: { type: "float32", dims: [rows, columns], data } };
}

function winners({ probabilities }: Tensors): number[] {
  const { data, dims } = probabilities as NonNullable<Tensors[string]>;
  const columns = dims[1] as number;
  return Array.from({ length: dims[0] as number }, (_, row) => {
    const values = [...(data as Float32Array).subarray(row * columns, (row + 1) * columns)];
    return values.indexOf(Math.max(...values));
  });
}

/** A model whose run takes some tens of milliseconds. */
const slow = { width: 512, classes: 4, detours: 500 };

describe("a loaded model", () => {
  it("gives every caller its own rows out of shared batches", async () => {
    const batches: number[] = [];
    const { model } = await open({}, { ran: (_record, { rows }) => batches.push(rows) });
    const callers = Array.from({ length: 300 }, (_, index) => ({
      choice: index % 4,
      rows: 1 + (index % 3),
    }));
    const answers = await Promise.all(
      callers.map(({ choice, rows }) => model.infer(vote(choice, rows), { timeout: 5000 })),
    );
    for (const [index, { choice, rows }] of callers.entries()) {
      expect(winners(answers[index] as Tensors)).toEqual(Array(rows).fill(choice));
    }
    expect(batches.length).toBeLessThan(60);
    expect(Math.max(...batches)).toBeLessThanOrEqual(32);
  });

  it.each([
    [7, [7]],
    [20, [8, 12]],
  ])("an idle worker that is asked %i times at once computes %j rows", async (asked, expected) => {
    const batches: number[] = [];
    const { model } = await open({}, { ran: (_record, { rows }) => batches.push(rows) });
    const calls = Array.from({ length: asked }, () => model.infer(vote(1), { timeout: 5000 }));
    await Promise.all(calls);
    expect(batches).toEqual(expected);
  });

  it("splits a request of more rows than a batch holds and joins the answers", async () => {
    const { model } = await open({}, { batchRows: 8 });
    const feeds = vote(0, 30);
    const data = feeds["features"]?.data as Float32Array;
    data.fill(0);
    for (let row = 0; row < 30; row++) data[row * width + (row % 4)] = 1;
    const answer = await model.infer(feeds, { timeout: 5000 });
    expect(winners(answer)).toEqual(Array.from({ length: 30 }, (_, row) => row % 4));
  });

  it("runs a model exported for one row a row at a time", async () => {
    const { model } = await open({ rows: 1 });
    const answer = await model.infer(vote(2, 3), { timeout: 5000 });
    expect(winners(answer)).toEqual([2, 2, 2]);
  });

  it("keeps the event loop free during a run", async () => {
    const { model } = await open(slow);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const start = performance.now();
    await model.infer(vote(1, 32, slow.width), { timeout: 180_000 });
    clearInterval(timer);
    const milliseconds = performance.now() - start;
    expect(milliseconds).toBeGreaterThan(20);
    expect(ticks).toBeGreaterThan(milliseconds / 10);
  });

  it("refuses requests when the queue is full, late ones and abandoned ones", async () => {
    const { model } = await open(slow, { queueRows: 2, batchRows: 1 });
    const running = model.infer(vote(0, 1, slow.width), { timeout: 180_000 });
    const abandoned = new AbortController();
    const late = model.infer(vote(0, 1, slow.width), { timeout: 1 });
    const gone = model.infer(vote(0, 1, slow.width), { timeout: 5000, signal: abandoned.signal });
    const full = model.infer(vote(0, 1, slow.width), { timeout: 5000 });
    abandoned.abort();
    await Promise.all([
      expect(full).rejects.toMatchObject({ code: "inference.queue.full" }),
      expect(gone).rejects.toMatchObject({ code: "inference.cancelled" }),
      expect(late).rejects.toMatchObject({ code: "inference.deadline" }),
    ]);
    expect(model.queued).toBe(0);
    expect(winners(await running)).toEqual([0]);
  });

  it("answers what waits before it closes, and refuses what comes later", async () => {
    const { pool, model } = await open();
    const waiting = Array.from({ length: 50 }, () => model.infer(vote(3), { timeout: 5000 }));
    const closed = pool.close();
    await expect(model.infer(vote(3), { timeout: 5000 })).rejects.toMatchObject({
      code: "inference.draining",
    });
    for (const answer of await Promise.all(waiting)) expect(winners(answer)).toEqual([3]);
    await closed;
  });

  it("refuses an input of another shape and goes on", async () => {
    const { model } = await open();
    await expect(model.infer(vote(0, 1, width + 1), { timeout: 5000 })).rejects.toMatchObject({
      code: "inference.input",
    });
    expect(winners(await model.infer(vote(1), { timeout: 5000 }))).toEqual([1]);
  });

  it("reports a run that does not end", async () => {
    const stuck: string[] = [];
    const { pool, model } = await open(
      {},
      {
        workerFile: new URL("./stuck-worker.ts", import.meta.url),
        stuckAfter: 200,
        stuck: ({ name }, milliseconds) => stuck.push(`${name} ${milliseconds}`),
      },
    );
    const x = { type: "float32", dims: [1], data: new Float32Array(1) };
    await expect(model.infer({ x }, { timeout: 5000 })).rejects.toMatchObject({
      code: "inference.stuck",
    });
    expect(stuck).toEqual(["voting 200"]);
    expect(pool.ready).toBe(false);
    expect(log).toEqual(["model ready", "model stuck"]);
  });

  it("rejects the requests of a crashed worker and starts another", async () => {
    const workerFile = new URL("./crashing-worker.ts", import.meta.url);
    const { model } = await open({}, { workerFile });
    await expect(model.infer(vote(0), { timeout: 5000 })).rejects.toMatchObject({
      code: "inference.crashed",
    });
    expect(model.ready).toBe(false);
    await expect(model.infer(vote(0), { timeout: 5000 })).rejects.toMatchObject({
      code: "inference.unavailable",
    });
    await until(() => model.ready);
    expect(log).toEqual(["model ready", "model down", "model ready"]);
  });
});
