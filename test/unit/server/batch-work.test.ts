import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type BatchItem, type BatchOptions, workOnBatch } from "../../../src/server/batch-work.ts";
import { InferenceError } from "../../../src/inference/inference-error.ts";

const items: BatchItem[] = Array.from({ length: 20 }, (_, index) => {
  return { id: `item ${index}`, kind: "wait", number: index };
});

function options(changes: Partial<BatchOptions["options"]> = {}): BatchOptions {
  return { atOnce: 4, options: { timeout: 10_000, ...changes }, failed: () => undefined };
}

describe("a batch", () => {
  it("is answered in its order, a few items at a time", async () => {
    let running = 0;
    let most = 0;
    const workers = {
      wait: async ({ number }: Record<string, unknown>) => {
        most = Math.max(most, ++running);
        await sleep(((number as number) * 7) % 5);
        running--;
        return { result: { number } };
      },
    };
    const { results, summary } = await workOnBatch(workers, items, options());
    expect(results).toEqual(
      items.map(({ id, number }, index) => {
        return { index, id, kind: "wait", status: 200, result: { number } };
      }),
    );
    expect(summary).toEqual({ total: 20, succeeded: 20, failed: 0 });
    expect(most).toBe(4);
  });

  it("lets an item that fails fail alone, and tells nothing of what nobody foresaw", async () => {
    const told: unknown[] = [];
    const workers = {
      wait: async ({ number }: Record<string, unknown>) => {
        if (number === 3) throw new InferenceError("inference.queue.full", "Full.", "Later.");
        if (number === 5) throw new Error("the password is 1234");
        return { result: {} };
      },
    };
    const { results, summary } = await workOnBatch(workers, items, {
      ...options(),
      failed: ({ status }) => told.push(status),
    });
    expect(summary).toEqual({ total: 20, succeeded: 18, failed: 2 });
    expect(results[3]).toMatchObject({
      status: 429,
      error: { code: "inference.queue.full", detail: "Full.", hint: "Later." },
    });
    expect(results[5]).toMatchObject({ status: 500, error: { code: "internal" } });
    expect(JSON.stringify(results)).not.toContain("1234");
    expect(told).toEqual([429, 500]);
  });

  it("stops beginning items when its caller goes away", async () => {
    const caller = new AbortController();
    let begun = 0;
    const workers = {
      wait: async () => {
        if (++begun === 6) caller.abort();
        await sleep(1);
        return { result: {} };
      },
    };
    const { summary } = await workOnBatch(workers, items, options({ signal: caller.signal }));
    expect(begun).toBeLessThan(10);
    expect(summary.failed).toBe(20 - begun);
  });

  it("answers what is done in time, and says of the rest that it was late", async () => {
    const workers = {
      wait: async ({ number }: Record<string, unknown>) => {
        await sleep((number as number) < 4 ? 1 : 150);
        return { result: {} };
      },
    };
    const { results } = await workOnBatch(workers, items, options({ timeout: 100 }));
    expect(results[0]).toMatchObject({ status: 200 });
    expect(results[19]).toMatchObject({ status: 504, error: { code: "inference.deadline" } });
  });
});
