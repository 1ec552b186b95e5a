import { afterAll, beforeAll, expect, test } from "vitest";
import { probeHeader } from "../../../src/deploy-probe.ts";
import { type Running, serveWith, startRunning } from "./running.ts";

const serve = serveWith({
  hosts: ["studio.example.com"],
  rateLimit: {
    enforced: true,
    default: [{ requests: 2, window: 60_000 }],
    routes: {},
    burst: null,
  },
});

let running: Running;

beforeAll(async () => {
  running = await startRunning({ serve, keys: ["k".repeat(32)], probeToken: "of-a-deploy" });
});

afterAll(async () => {
  await running?.close();
});

const infer = (headers: Record<string, string>) =>
  running.send("POST", "/api/v1/text/process", {
    headers: { host: "172.17.0.2:8000", ...headers },
    body: { text: "guten Tag", task: "language" },
  });

test("the load test of a deploy is answered by whatever address it asks, and as often", async () => {
  for (let count = 0; count < 5; count += 1) {
    expect((await infer({ [probeHeader]: "of-a-deploy" })).status).toBe(200);
  }
});

test("nobody else is, nor by another token", async () => {
  expect((await infer({})).status).toBe(403);
  expect((await infer({ [probeHeader]: "of-nobody" })).status).toBe(403);
  const named = { host: "studio.example.com", [probeHeader]: "" };
  expect((await infer(named)).status).toBe(401);
});
