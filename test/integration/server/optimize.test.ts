import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { daemonSpec, type Running, startRunning } from "./running.ts";

const path = "/api/v1/optimize/performance";

let running: Running;

beforeAll(async () => {
  const { serve } = daemonSpec("", { dialect: "sqlite", file: null, url: "" });
  // Half of the time that a request may take is the most that a measurement takes.
  running = await startRunning({ serve: { ...serve, timeout: 4000, workers: 2 } });
});

afterAll(async () => {
  await running.close();
});

describe("measuring the loaded models", () => {
  it("is answered with each setting's figures and a proposal", async () => {
    const { status, body } = await running.send("POST", path, {
      body: { models: ["language"], seconds: 0.5 },
    });
    expect(status).toBe(200);
    const figure = expect.any(Number) as number;
    const candidate = {
      instances: figure,
      batch_rows: figure,
      batch_tokens: figure,
      row_tokens: 0,
      callers: figure,
      items: figure,
      items_per_second: figure,
      p50_ms: figure,
      p95_ms: figure,
    };
    const { models } = body as { models: { name: string; candidates: object[] }[] };
    expect(models).toMatchObject([
      {
        name: "language",
        version: "1",
        sample: [{ name: "features", type: "float32", shape: [1, 256] }],
        before: { instances: 2 },
        proposal: { instances: figure, batch_rows: figure, batch_tokens: figure },
        gain: figure,
        applied: false,
      },
    ]);
    expect(models[0]?.candidates.length).toBeGreaterThan(4);
    for (const one of models[0]?.candidates ?? []) expect(one).toEqual(candidate);
    expect((await running.send("POST", path)).status).toBe(200);
  });

  it("notes in the log what was set", async () => {
    const body = { models: ["language"], seconds: 0.5, apply: true };
    const answer = await running.send("POST", path, { body });
    const { models } = answer.body as { models: { applied: boolean; before: object }[] };
    const noted = running.log.filter(({ message }) => message === "models resized");
    expect(noted).toHaveLength(models[0]?.applied === true ? 1 : 0);
    const again = await running.send("POST", "/api/v1/text/process", {
      body: { task: "language", text: "guten Tag" },
    });
    expect(again.status).toBe(200);
  });

  it("refuses what cannot be done, and a second measurement meanwhile", async () => {
    for (const [body, status, code] of [
      [{ models: ["other"] }, 404, "model.unknown"],
      [{ models: [] }, 400, "request.invalid"],
      [{ seconds: 0 }, 400, "request.invalid"],
      [{ seconds: 2.1 }, 400, "request.invalid"],
      [{ dimensions: { N: 0 } }, 400, "request.invalid"],
      [{ applied: true }, 400, "request.invalid"],
    ] as const) {
      expect(await running.send("POST", path, { body })).toMatchObject({ status, body: { code } });
    }
    const [one, other] = await Promise.all(
      [1, 2].map(async () => await running.send("POST", path, { body: { seconds: 0.3 } })),
    );
    const statuses = [one?.status ?? 0, other?.status ?? 0];
    expect(statuses.toSorted((first, second) => first - second)).toEqual([200, 409]);
  });
});
