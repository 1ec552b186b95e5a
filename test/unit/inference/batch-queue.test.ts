import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { BatchQueue, type JobOptions } from "../../../src/inference/batch-queue.ts";
import { PendingRequest, type RequestPart } from "../../../src/inference/pending-request.ts";
import { Throughput } from "../../../src/inference/throughput.ts";

const limits = { rows: 4, tokens: 1000 };

interface Waiting {
  request: PendingRequest;
  outcome: { code: string | null };
}

/** Lets a request of so many rows wait; `outcome` tells how it ended. */
function wait(
  queue: BatchQueue,
  options: Partial<JobOptions> & { rows?: number; key?: string | null; parts?: number } = {},
): Waiting {
  const { rows = 1, key = "shape", parts = 1, ...rest } = options;
  const part: RequestPart = { feeds: {}, rows, key };
  const request = new PendingRequest(
    Array.from({ length: parts }, () => part),
    { timeout: 60_000, ...rest },
    performance.now(),
  );
  const outcome: Waiting["outcome"] = { code: null };
  request.onSettled = (_request, code) => {
    outcome.code = code;
    queue.delete(request);
  };
  request.answer.catch(() => undefined);
  queue.add(request);
  return { request, outcome };
}

/** The places, in order of arrival, of the requests in each batch until none is left. */
function drain(queue: BatchQueue, waiting: Waiting[]): number[][] {
  const batches: number[][] = [];
  while (queue.rows > 0) {
    const batch = queue.take(limits, performance.now());
    batches.push(batch.map((job) => waiting.findIndex(({ request }) => request === job.request)));
  }
  return batches;
}

describe("the queue of a model", () => {
  it("gives batches in order of arrival, as full as they may be", () => {
    const queue = new BatchQueue(100);
    const waiting = [2, 1, 2, 1, 5, 1].map((rows) => wait(queue, { rows }));
    expect(queue.rows).toBe(12);
    expect(drain(queue, waiting)).toEqual([[0, 1, 3], [2, 5], [4]]);
  });

  it("keeps other shapes and what runs alone for batches of their own", () => {
    const queue = new BatchQueue(100);
    const keys = ["a", "b", null, "a", null, "b"];
    const waiting = keys.map((key) => wait(queue, { key }));
    expect(drain(queue, waiting)).toEqual([[0, 3], [1, 5], [2], [4]]);
  });

  it("lets high priority go first, and fills its batch with what else waits", () => {
    const queue = new BatchQueue(100);
    const priorities = ["low", "normal", "normal", "high", "high", "low"] as const;
    const waiting = priorities.map((priority) => wait(queue, { priority }));
    expect(drain(queue, waiting)).toEqual([
      [3, 4, 1, 2],
      [0, 5],
    ]);
  });

  it("starves no priority, however much of a higher one arrives", () => {
    const queue = new BatchQueue(1_000_000);
    const served = { high: 0, normal: 0, low: 0 };
    for (const priority of ["high", "normal", "low"] as const) {
      for (let count = 0; count < 4000; count += 1) wait(queue, { priority, rows: 4 });
    }
    for (let batch = 0; batch < 2100; batch += 1) {
      const [job] = queue.take(limits, performance.now());
      if (job !== undefined) served[job.request.priority] += 1;
    }
    expect(served).toEqual({ high: 1600, normal: 400, low: 100 });
  });

  it("gives a priority that was unused no claim on the past", () => {
    const queue = new BatchQueue(100_000);
    for (let count = 0; count < 500; count += 1) wait(queue, { priority: "high", rows: 4 });
    for (let count = 0; count < 400; count += 1) queue.take(limits, performance.now());
    for (let count = 0; count < 50; count += 1) wait(queue, { priority: "low", rows: 4 });
    const order = Array.from({ length: 34 }, () => queue.take(limits, performance.now())[0]);
    const low = order.filter((job) => job?.request.priority === "low");
    expect(low.length).toBeGreaterThanOrEqual(1);
    expect(low.length).toBeLessThanOrEqual(3);
  });

  it("answers late requests without giving them to a worker, before their timers do", () => {
    const queue = new BatchQueue(100);
    const late = wait(queue, { timeout: 50 });
    const inTime = wait(queue, { timeout: 60_000 });
    const batch = queue.take(limits, performance.now() + 100);
    expect(batch.map(({ request }) => request)).toEqual([inTime.request]);
    expect(late.outcome.code).toBe("inference.deadline");
    expect(queue.rows).toBe(0);
  });

  it("ends each request at its own deadline, also one in the middle of its run", async () => {
    const queue = new BatchQueue(100);
    const running = wait(queue, { timeout: 60 });
    queue.take(limits, performance.now());
    const later = wait(queue, { timeout: 200 });
    const sooner = wait(queue, { timeout: 20 });
    const last = wait(queue, { timeout: 60_000 });
    for (const { request } of [sooner, running, later]) {
      await expect(request.answer).rejects.toMatchObject({ code: "inference.deadline" });
      expect(performance.now()).toBeGreaterThanOrEqual(request.deadline);
    }
    expect(last.outcome.code).toBe(null);
    expect(queue.rows).toBe(1);
  });

  it("forgets all parts of a caller who went away, those that were not begun", () => {
    const queue = new BatchQueue(100);
    const controller = new AbortController();
    const gone = wait(queue, { rows: 4, parts: 3, signal: controller.signal });
    const other = wait(queue);
    expect(queue.take(limits, performance.now())).toMatchObject([{ part: 0 }]);
    controller.abort();
    expect(gone.outcome.code).toBe("inference.cancelled");
    expect(queue.rows).toBe(1);
    expect(queue.take(limits, performance.now())[0]?.request).toBe(other.request);
  });

  it("puts what is to be tried again before all others, each by itself", async () => {
    const queue = new BatchQueue(100);
    const waiting = [wait(queue), wait(queue), wait(queue, { timeout: 5 })];
    const batch = queue.take(limits, performance.now());
    waiting.push(wait(queue));
    await sleep(30);
    queue.retryAlone(batch);
    expect(drain(queue, waiting)).toEqual([[0], [1], [3]]);
  });

  it("is bounded by rows", () => {
    const queue = new BatchQueue(10);
    wait(queue, { rows: 7 });
    expect([3, 4].map((rows) => queue.hasRoomFor(rows))).toEqual([true, false]);
  });
});

describe("the time until a queue has room", () => {
  it("follows from what rows have taken lately, for all instances together", () => {
    const throughput = new Throughput();
    expect(throughput.secondsFor(1000, 1)).toBe(1);
    throughput.add(10, 200);
    expect(throughput.secondsFor(1000, 1)).toBe(20);
    expect(throughput.secondsFor(1000, 4)).toBe(5);
    expect(throughput.secondsFor(1_000_000, 1)).toBe(60);
    for (let run = 0; run < 100; run += 1) throughput.add(10, 50);
    expect(throughput.secondsFor(1000, 1)).toBe(6);
  });
});
