import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { daemonSpec, type Running, startRunning } from "./running.ts";
import { sendImage } from "./uploads.ts";

let running: Running;
let large: Buffer;

beforeAll(async () => {
  const { serve } = daemonSpec("", { dialect: "sqlite", file: null, url: "" });
  const limits = { ...serve.limits, body: 2_000_000, pixels: 20_000_000 };
  running = await startRunning({ serve: { ...serve, timeout: 3000, limits } });
  const create = { width: 4000, height: 4000, channels: 4, background: "#10203080" } as const;
  large = await sharp({ create }).toColourspace("rgb16").png().toBuffer();
});

afterAll(async () => {
  await running.close();
});

describe("many large images at once", () => {
  it("are decoded in turn, or told that they are late, while texts and health are answered", async () => {
    const asked = Array.from({ length: 24 }, async () => {
      return await sendImage(running, large, { task: "statistics" });
    });
    let over = false;
    const all = Promise.all(asked).finally(() => (over = true));
    let answered = 0;
    while (!over) {
      const body = { task: "language", text: "guten Tag" };
      const text = await running.send("POST", "/api/v1/text/process", { body });
      const live = await running.send("GET", "/health/live");
      expect([text.status, live.status]).toEqual([200, 200]);
      answered++;
      await sleep(20);
    }
    const answers = await all;
    const statuses = answers.map(({ status }) => status);
    for (const status of statuses) expect([200, 429, 504]).toContain(status);
    expect(statuses).toContain(200);
    // Were they decoded all at once, each would be about as late as the last.
    expect(answered).toBeGreaterThan(10);
    const alone = await sendImage(running, large, { task: "statistics" });
    expect(alone.status).toBe(200);
  });
});
