import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { classifierModel, votingWeights } from "../../unit/inference/onnx-file.ts";
import { figure } from "./figures.ts";
import { type Answer, type Running, startRunning } from "./running.ts";

/** Rows that may wait for the model `strict`, as its configuration says. */
const queue = 4;
const width = 1024;

let running: Running;

beforeAll(async () => {
  running = await startRunning({}, async (models) => {
    const weights = votingWeights(width, 2);
    for (const [name, detours, batching] of [
      // Each row takes a hundred milliseconds and more.
      ["strict", 300, { rows: 1, queue }],
      ["patient", 100, { rows: 1 }],
      ["ranked", 500, { rows: 1 }],
    ] as const) {
      const folder = join(models, name, "1");
      await mkdir(folder, { recursive: true });
      const slow = classifierModel({ width, classes: 2, weights, detours });
      await writeFile(join(folder, "model.onnx"), slow);
      const configuration = { instances: 1, batching };
      await writeFile(join(folder, "config.yaml"), JSON.stringify(configuration));
    }
  });
  await vi.waitFor(async () => {
    expect((await running.send("GET", "/v2/health/ready")).status).toBe(200);
  }, 60_000);
}, 90_000);

afterAll(() => running.close());

function inputs(rows: number): object {
  const data = Array<number>(rows * width).fill(0.5);
  return { inputs: [{ name: "features", datatype: "FP32", shape: [rows, width], data }] };
}

interface Call {
  rows?: number;
  parameters?: object;
  urgency?: string;
}

function call(model: string, { rows = 1, parameters, urgency }: Call = {}): Promise<Answer> {
  return running.send("POST", `/v2/models/${model}/infer`, {
    body: { ...inputs(rows), parameters },
    headers: urgency === undefined ? {} : { priority: urgency },
  });
}

const waiting = (model: string): Promise<number> =>
  figure(running, "inference_pending_request_count", { model });

/** Calls that keep the model busy, so many of them waiting at least unless it is faster. */
async function occupy(model: string, behind: number): Promise<Promise<Answer>[]> {
  // One is computed, and one is next.
  const calls = Array.from({ length: behind + 3 }, () => call(model));
  const all = Promise.all(calls).then(() => true);
  while ((await waiting(model)) < behind) if (await Promise.race([all, sleep(1)])) break;
  return calls;
}

describe("a model whose queue is full", () => {
  it("answers one row and many alike with 429, and says when to come back", async () => {
    const calls = await Promise.all(
      Array.from({ length: 16 }, (_, index) => call("strict", { rows: 1 + (index % 2) })),
    );
    const refused = calls.filter(({ status }) => status !== 200);
    for (const answer of refused) {
      expect(answer).toMatchObject({
        status: 429,
        headers: {
          "retry-after": expect.stringMatching(/^[1-9]\d*$/) as string,
          "content-type": expect.stringContaining("application/problem+json") as string,
        },
        body: { code: "inference.queue.full", status: 429, error: expect.any(String) as string },
      });
    }
    for (const kind of [0, 1]) {
      const some = calls.filter((_, index) => index % 2 === kind).map(({ status }) => status);
      expect(some, `${kind + 1} rows`).toContain(429);
    }
    // It works on its queue meanwhile, but has not the time for all of them.
    expect(calls.length - refused.length).toBeGreaterThanOrEqual(queue / 2);
    expect(await figure(running, "errors_total", { category: "overload" })).toBe(refused.length);
    const failure = { model: "strict", reason: "REJECTED" };
    expect(await figure(running, "inference_request_failure", failure)).toBe(refused.length);
    // Once there is room again, as many as fit.
    expect((await call("strict", { rows: 2 })).status).toBe(200);
  });

  it("answers what will never fit with 413, which is not tried again", async () => {
    const { status, headers, body } = await call("strict", { rows: queue + 1 });
    expect(status).toBe(413);
    expect(headers["retry-after"]).toBeUndefined();
    expect(body).toMatchObject({ code: "inference.too.large" });
  });
});

describe("a request whose time is over before its turn", () => {
  it("is answered with 504 at once, and not computed", async () => {
    const busy = await occupy("patient", 2);
    const runsOf = () => figure(running, "inference_exec_count", { model: "patient" });
    const before = await runsOf();
    const late = await call("patient", { parameters: { timeout: 1000 } });
    expect(late).toMatchObject({ status: 504, body: { code: "inference.deadline" } });
    expect(await waiting("patient")).toBeGreaterThan(0);
    await Promise.all(busy);
    expect((await runsOf()) - before).toBeLessThanOrEqual(busy.length);
    expect(await figure(running, "errors_total", { category: "timeout" })).toBe(1);
    const failure = { model: "patient", reason: "CANCELED" };
    expect(await figure(running, "inference_request_failure", failure)).toBe(1);
  });
});

describe("the urgency of a request", () => {
  it.each([
    ["header Priority", { urgency: "u=7" }, { urgency: "u=0, i" }],
    ["parameter", { parameters: { priority: 3 } }, { parameters: { priority: 1 } }],
  ])("by its %s decides whose turn is next", async (_way, low, high) => {
    // On a busy machine the first of them may be computed before the last has come.
    let order: string[] | undefined;
    for (let behind = 2; order === undefined && behind <= 32; behind *= 2) {
      order = await orderOfAnswers({ low, usual: {}, high }, behind);
    }
    if (order === undefined) throw new Error("the requests never waited at the same time");
    // Some of the others come in between, so that none waits for ever, and two may have begun.
    expect(order.lastIndexOf("high")).toBeLessThan(13);
    expect(order.lastIndexOf("usual")).toBeLessThan(21);
    expect(order.slice(-3)).toEqual(Array(3).fill("low"));
  });
});

/**
 * Whose answers come when, of eight calls of each kind sent one kind after the other, with that
 * many calls before them. Undefined if they did not all wait together.
 */
async function orderOfAnswers(
  kinds: Record<string, Call>,
  behind: number,
): Promise<string[] | undefined> {
  const order: string[] = [];
  const busy = await occupy("ranked", behind);
  let answered = 0;
  const before = busy.map(async (call) => {
    const { status } = await call;
    answered += 1;
    return status;
  });
  const answers = Object.entries(kinds).flatMap(([name, options]) =>
    Array.from({ length: 8 }, async () => {
      const { status } = await call("ranked", options);
      order.push(name);
      return status;
    }),
  );
  const all = [...before, ...answers];
  let together = false;
  while (!together && order.length === 0) {
    const left = all.length - answered;
    // One is computed, and one is next.
    together = (await waiting("ranked")) >= left - 2 && order.length === 0;
  }
  for (const status of await Promise.all(all)) expect(status).toBe(200);
  return together ? order : undefined;
}
