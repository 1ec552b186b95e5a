import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { rounds } from "../../support/every.ts";
import { writeEchoModel } from "./echo-model.ts";
import { mutate, randomFrom } from "./mutations.ts";
import { answersIn, converse, expectDiscreet, httpRequest } from "./raw-connection.ts";
import { type Running, startRunning } from "./running.ts";

let running: Running;

beforeAll(async () => {
  running = await startRunning({}, async (models) => {
    // One of them is let go and loaded again.
    for (const name of ["echo", "spare"]) {
      await writeEchoModel(models, name, [{ name: "x", datatype: "FP32", dims: ["N", 2] }]);
    }
  });
  await vi.waitFor(async () => {
    expect((await running.send("GET", "/v2/health/ready")).status).toBe(200);
  }, 20_000);
});

afterAll(async () => {
  await running.close();
});

const inferPath = "/v2/models/echo/infer";
const textPath = "/api/v1/text/process";
const good = JSON.stringify({
  inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] }],
});

/** Bytes in use, once what nobody needs has been collected. */
function heapInUse(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed + process.memoryUsage().external;
}

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
      httpRequest(
        "POST",
        "/api/v1/vector/collections/c/items",
        '{"items":[{"id":"a","vector":[1,2],"metadata":{"page":7}}]}',
      ),
      httpRequest("POST", "/api/v1/vector/collections/c/items/delete", '{"ids":["a","b"]}'),
      httpRequest("GET", "/api/v1/vector/collections/c/items?limit=2"),
      httpRequest(
        "POST",
        "/api/v1/batch/process",
        JSON.stringify({
          items: [
            { kind: "text", task: "statistics", text: "Three words here." },
            { kind: "vector", collection: "c", vector: [1, 0], top_k: 1 },
            { kind: "image", task: "properties", image: "iVBORw0KGgo=", name: "a.png" },
          ],
        }),
      ),
      httpRequest("POST", "/v1/embeddings", '{"input":["a","b"],"encoding_format":"base64"}'),
      httpRequest("POST", "/api/v1/optimize/performance", '{"models":["absent"],"seconds":0.1}'),
      httpRequest("POST", "/v2/repository/models/spare/unload", '{"parameters":{}}'),
      httpRequest("POST", "/v2/repository/models/spare/load", "{}"),
      httpRequest("POST", "/v2/repository/index", "{}"),
      httpRequest("GET", "/v2/models/echo", "", ["traceparent: 00-1-1-1", "Priority: u=1"]),
    ].map((text) => Buffer.from(text, "latin1"));
    const seed = Date.now() % 1_000_000;
    const random = randomFrom(seed);
    const tally: Record<number, number> = {};
    const count = rounds(600, 5000);
    const errors: unknown[] = [];
    const keepErrors = (): void => {
      errors.push(...running.log.filter(({ level }) => (level as number) >= 50));
      running.log.length = 0;
    };
    let heap = 0;
    for (let round = 0; round < count; round++) {
      if (round === Math.floor(count / 2)) {
        keepErrors();
        heap = heapInUse();
      }
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
    keepErrors();
    expect(errors).toEqual([]);
    // Half of the rounds leave nothing behind that the others had not made already.
    expect(heapInUse() - heap).toBeLessThan(10_000_000);
    expect(tally[400]).toBeGreaterThan(0);
    expect(tally[200]).toBeGreaterThan(0);
  }, 600_000);
});
