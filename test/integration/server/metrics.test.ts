import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, serveWith, startRunning } from "./running.ts";

const key = "a-configured-key-that-is-long-enough";
const token = "the-token-of-whoever-collects-metrics";

let running: Running;

beforeAll(async () => {
  const auth = { required: true, attempts: 3, lockout: 60_000 } as const;
  const serve = serveWith({
    auth,
    rateLimit: {
      enforced: true,
      default: [{ requests: 20, window: 60_000 }],
      routes: {},
      burst: null,
    },
  });
  running = await startRunning({ serve, keys: [key], metricsToken: token });
});

afterAll(async () => {
  await running.close();
});

const ask = (path: string, secret: string) =>
  running.send("GET", path, { headers: { authorization: `Bearer ${secret}` } });

test("the metrics token reads the metrics, as often as it likes", async () => {
  for (let round = 0; round < 30; round += 1) {
    expect((await ask("/metrics", token)).status).toBe(200);
  }
});

test("the metrics token opens nothing else", async () => {
  for (const path of ["/api/v1/system/info", "/v2/models/language", "/api/v1/vector/collections"]) {
    expect((await ask(path, token)).status, path).toBe(401);
  }
});

test("an address that is locked out for wrong keys does not read the metrics either", async () => {
  // The test before sent the token three times where a key belongs.
  expect((await ask("/metrics", token)).status).toBe(429);
});

test("requests are counted by the key they came with, items of batches by kind", async () => {
  const { body } = await running.send("POST", "/api/v1/batch/process", {
    privately: true,
    body: {
      items: [
        { kind: "text", task: "statistics", text: "Three words here." },
        { kind: "text", task: "nothing", text: "a" },
        { kind: "made up" },
      ],
    },
  });
  expect(body).toMatchObject({ summary: { total: 3, succeeded: 1 } });
  const text = String((await running.send("GET", "/metrics", { privately: true })).body);
  expect(text).toContain('studio_tasks_total{kind="text",outcome="success"} 1');
  expect(text).toContain('studio_tasks_total{kind="text",outcome="failure"} 1');
  expect(text).toContain('studio_tasks_total{kind="unknown",outcome="failure"} 1');
  expect(text).toContain('studio_caller_requests_total{caller="metrics",outcome="success"} 30');
  expect(text).toContain('studio_caller_requests_total{caller="none",outcome="failure"}');
  expect(text).toMatch(
    /studio_release_info\{release="20261121T000000Z-test",version="1.2.3",environment="local"\} 1/,
  );
});
