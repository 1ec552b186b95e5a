import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { rounds } from "../../support/every.ts";
import { startEchoing } from "./echo-model.ts";
import { mutate, randomFrom } from "./mutations.ts";
import { answersIn, converse, expectDiscreet, httpRequest } from "./raw-connection.ts";
import type { Running } from "./running.ts";

let running: Running;

beforeAll(async () => {
  running = await startEchoing();
});

afterAll(async () => {
  await running.close();
});

const inferPath = "/v2/models/echo/infer";
const textPath = "/api/v1/text/process";
const good = JSON.stringify({
  inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] }],
});

describe("random bytes", () => {
  it("never bring the daemon down, nor out of step", async () => {
    const json = JSON.stringify({ task: "language", text: "some text" });
    const binary = JSON.stringify({
      inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], parameters: { binary_data_size: 8 } }],
    });
    const search = JSON.stringify({ collection: "c", vector: [1, 2] });
    const seeds = [
      httpRequest("GET", "/api/v1/system/info"),
      httpRequest("POST", textPath, json),
      httpRequest("POST", inferPath, good),
      httpRequest("POST", inferPath, `${binary}\0\0\0\0\0\0\0\0`, [
        `Inference-Header-Content-Length: ${binary.length}`,
      ]),
      httpRequest("POST", "/api/v1/vector/search", search),
      httpRequest("PUT", "/api/v1/vector/collections/c", '{"dimension":2}'),
      httpRequest("POST", "/v2/repository/index", "{}"),
      httpRequest("GET", "/v2/models/echo", "", ["traceparent: 00-1-1-1", "Priority: u=1"]),
    ].map((text) => Buffer.from(text, "latin1"));
    const seed = Date.now() % 1_000_000;
    const random = randomFrom(seed);
    const tally: Record<number, number> = {};
    for (let round = 0; round < rounds(300, 5000); round++) {
      const bytes = mutate(seeds[round % seeds.length] as Buffer, random);
      const name = `seed ${seed}, round ${round}: ${JSON.stringify(bytes.toString("latin1"))}`;
      const { text, closed } = await converse(running, [bytes], { patience: 15_000 });
      expect(closed, name).toBe(true);
      expectDiscreet(text);
      for (const { status } of answersIn(text)) {
        expect(status, name).toBeLessThan(500);
        tally[status] = (tally[status] ?? 0) + 1;
      }
    }
    expect((await running.send("GET", "/health/live")).status).toBe(200);
    await vi.waitFor(() => {
      expect(running.daemon.state()).toMatchObject({ inFlight: 0, connections: 0 });
    }, 10_000);
    expect(running.log.filter(({ level }) => (level as number) >= 50)).toEqual([]);
    expect(tally[400]).toBeGreaterThan(0);
    expect(tally[200]).toBeGreaterThan(0);
  }, 600_000);
});
