import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { failingModel } from "../../support/test-models.ts";
import { writeEchoModel } from "./echo-model.ts";
import { figure } from "./figures.ts";
import { type Running, startRunning } from "./running.ts";

let running: Running;

beforeAll(async () => {
  running = await startRunning({}, async (models) => {
    await writeEchoModel(models, "echo", [{ name: "x", datatype: "FP32", dims: ["N", 2] }]);
    await mkdir(join(models, "failing", "1"), { recursive: true });
    await writeFile(join(models, "failing", "1", "model.onnx"), failingModel());
  });
  await vi.waitFor(async () => {
    expect((await running.send("GET", "/v2/health/ready")).status).toBe(200);
  }, 20_000);
});

afterAll(() => running.close());

const send = (model: string, data: readonly number[]) =>
  running.send("POST", `/v2/models/${model}/infer`, {
    body: { inputs: [{ name: "x", datatype: "FP32", shape: [data.length / 2, 2], data }] },
  });

test("memory is what the process has, and the processors' use is in percent", async () => {
  const bytes = await figure(running, "memory_usage_bytes");
  expect(bytes).toBeGreaterThan(0.5 * process.memoryUsage.rss());
  expect(bytes).toBeLessThan(2 * process.memoryUsage.rss());
  await running.send("GET", "/health");
  const end = performance.now() + 600;
  while (performance.now() < end) Math.sqrt(end);
  const { body } = await vi.waitFor(async () => {
    const answer = await running.send("GET", "/health");
    const { system } = answer.body as { system: { cpu_usage_percent: number } };
    expect(system.cpu_usage_percent).toBeGreaterThan(0);
    return answer;
  }, 20_000);
  const { system } = body as { system: { cpu_usage_percent: number } };
  expect(system.cpu_usage_percent).toBeLessThanOrEqual(100);
  expect(await figure(running, "cpu_usage_percent")).toBeGreaterThan(0);
  expect(await figure(running, "cpu_usage_percent")).toBeLessThanOrEqual(100);
});

test("each component's last look has a time, as its report has", async () => {
  await vi.waitFor(async () => {
    const { body } = await running.send("GET", "/health");
    expect(body).toMatchObject({ status: "healthy" });
  }, 20_000);
  for (const component of ["database", "models"]) {
    const seconds = await figure(running, "health_check_duration_seconds", { component });
    expect(seconds, component).toBeGreaterThanOrEqual(0);
    expect(seconds, component).toBeLessThan(5);
    expect(await figure(running, "health_status", { component }), component).toBe(1);
  }
  expect(
    await figure(running, "health_check_duration_seconds", { component: "database" }),
  ).toBeGreaterThan(0);
});

test("statements are counted and timed by what they do", async () => {
  const kinds = ["select", "insert"] as const;
  const countOf = (operation: string) =>
    figure(running, "database_query_duration_seconds_count", { operation });
  const before = await Promise.all(kinds.map(countOf));
  const path = "/api/v1/vector/collections/timed";
  await running.send("PUT", path, { body: { dimension: 1 } });
  await running.send("POST", `${path}/items`, { body: { items: [{ vector: [1] }] } });
  await running.send("GET", path);
  for (const [place, operation] of kinds.entries()) {
    expect(await countOf(operation), operation).toBeGreaterThan(before[place] ?? 0);
    const outcome = { operation, outcome: "success" };
    expect(await figure(running, "database_operations_total", outcome)).toBe(
      await countOf(operation),
    );
    const seconds = await figure(running, "database_query_duration_seconds_sum", { operation });
    expect(seconds, operation).toBeGreaterThan(0);
    expect(seconds, operation).toBeLessThan(30);
  }
  expect(await figure(running, "database_connections")).toBe(0);
});

test("what a model answered, refused and failed at is counted by the reason", async () => {
  const model = "failing";
  expect((await send("echo", [1, 2])).status).toBe(200);
  expect(await figure(running, "inference_request_success", { model: "echo" })).toBe(1);
  const bad = await running.send("POST", "/v2/models/failing/infer", {
    body: { inputs: [{ name: "x", datatype: "FP32", shape: [2], data: [3, 5] }] },
  });
  expect(bad.status).toBeGreaterThanOrEqual(400);
  const reason = bad.status >= 500 ? "BACKEND" : "OTHER";
  expect(await figure(running, "inference_request_failure", { model, reason })).toBe(1);
  expect(await figure(running, "inference_request_success", { model })).toBe(0);
});

test("a model counts as ready until it is let go", async () => {
  const ready = () => figure(running, "model_ready", { model: "echo", version: "1" });
  expect(await ready()).toBe(1);
  await running.send("POST", "/v2/repository/models/echo/unload");
  expect(await ready()).toBe(0);
  await running.send("POST", "/v2/repository/models/echo/load");
  expect(await ready()).toBe(1);
});
