import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { DecodeQueue } from "../../../src/inference/images/decode-queue.ts";

const options = { timeout: 5000 };

describe("images that are to be decoded", () => {
  it("are worked on a few at once, the urgent first and then in order", async () => {
    const queue = new DecodeQueue({ atOnce: 2, bytes: 1000 });
    const order: string[] = [];
    let running = 0;
    let most = 0;
    const work = (name: string) => async (): Promise<string> => {
      order.push(name);
      most = Math.max(most, ++running);
      await sleep(2);
      running--;
      return name;
    };
    const answers = await Promise.all([
      queue.run(1, options, work("a")),
      queue.run(1, options, work("b")),
      queue.run(1, { ...options, priority: "low" }, work("low")),
      queue.run(1, options, work("c")),
      queue.run(1, { ...options, priority: "high" }, work("high")),
    ]);
    expect(answers).toEqual(["a", "b", "low", "c", "high"]);
    expect(order).toEqual(["a", "b", "high", "c", "low"]);
    expect(most).toBe(2);
  });

  it("are refused when too many bytes wait, but never one alone", async () => {
    const queue = new DecodeQueue({ atOnce: 1, bytes: 100 });
    const first = queue.run(500, options, () => sleep(5, "done"));
    expect(() => queue.refuseWhenFull(1)).toThrow("Too many images");
    expect(() => queue.run(1, options, () => sleep(1))).toThrow("Too many images");
    expect(await first).toBe("done");
    expect(await queue.run(100, options, () => sleep(1, "again"))).toBe("again");
  });

  it("are forgotten when their callers go away or wait too long, and free their places", async () => {
    const queue = new DecodeQueue({ atOnce: 1, bytes: 100 });
    const caller = new AbortController();
    let begun = 0;
    const work = async (): Promise<void> => {
      begun++;
      await sleep(60);
    };
    const first = queue.run(10, options, work);
    const gone = queue.run(10, { ...options, signal: caller.signal }, work);
    const late = queue.run(10, { timeout: 5 }, work);
    caller.abort();
    await expect(gone).rejects.toMatchObject({ code: "inference.cancelled" });
    await expect(late).rejects.toMatchObject({ code: "inference.deadline" });
    expect(queue.size).toBe(0);
    await first;
    expect(begun).toBe(1);
    const aborted = queue.run(10, { ...options, signal: caller.signal }, work);
    await expect(aborted).rejects.toMatchObject({ code: "inference.cancelled" });
    // What has begun goes on, and keeps its place until it is done.
    const begunAlready = queue.run(90, { timeout: 5 }, work);
    await expect(begunAlready).rejects.toMatchObject({ code: "inference.deadline" });
    expect(() => queue.refuseWhenFull(50)).toThrow("Too many images");
    await sleep(80);
    expect(() => queue.refuseWhenFull(50)).not.toThrow();
  });

  it("that fail free their places", async () => {
    const queue = new DecodeQueue({ atOnce: 1, bytes: 100 });
    await expect(
      queue.run(100, options, async () => await Promise.reject(new Error("broken"))),
    ).rejects.toThrow("broken");
    expect(await queue.run(100, options, () => sleep(1, "next"))).toBe("next");
  });
});
