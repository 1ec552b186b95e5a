import { mkdir, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { graph, model, node, value } from "../../../src/inference/onnx/build.ts";
import { encodeModel } from "../../../src/inference/onnx/model-file.ts";
import { type Running, serveWith, startRunning } from "./running.ts";

let running: Running;
const sockets: Socket[] = [];

/** `y` is as many zeros as `n` says: a short request with a long answer. */
const zeros = encodeModel(
  model({
    graph: graph({
      name: "zeros",
      node: [node("ConstantOfShape", ["n"], ["y"])],
      input: [value("n", "int64", [1])],
      output: [value("y", "float32", ["N"])],
    }),
    operatorSets: { "": 17 },
    irVersion: 8,
  }),
);

beforeAll(async () => {
  running = await startRunning({ serve: serveWith({ timeout: 2000 }) }, async (models) => {
    await mkdir(join(models, "zeros", "1"), { recursive: true });
    await writeFile(join(models, "zeros", "1", "model.onnx"), zeros);
  });
  await vi.waitFor(async () => {
    expect((await running.send("GET", "/v2/health/ready")).status).toBe(200);
  }, 20_000);
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await running.close();
});

/** Asks for so many numbers as bytes, and reads nothing of the answer but its first part. */
async function askInSilence(count: number): Promise<string> {
  const { host, port } = running.daemon.address() as { host: string; port: number };
  const socket = connect(port, host);
  socket.on("error", () => undefined);
  const body = JSON.stringify({
    parameters: { binary_data_output: true },
    inputs: [{ name: "n", datatype: "INT64", shape: [1], data: [count] }],
  });
  socket.write(
    `POST /v2/models/zeros/infer HTTP/1.1\r\nHost: localhost\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  sockets.push(socket);
  const first = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
  socket.pause();
  return first.toString("latin1", 0, 12);
}

test("callers that do not read their answers are cut off, while others are answered", async () => {
  // More than the buffers of both ends take.
  const heads = await Promise.all(Array.from({ length: 4 }, () => askInSilence(10_000_000)));
  expect(heads).toEqual(Array.from({ length: 4 }, () => "HTTP/1.1 200"));
  expect(running.daemon.state()).toMatchObject({ inFlight: 4, connections: 4 });
  const started = performance.now();
  while (running.daemon.state().connections > 0) {
    const live = await running.send("GET", "/health/live", { privately: true });
    expect(live.status).toBe(200);
    expect(performance.now() - started).toBeLessThan(30_000);
    await sleep(200);
  }
  // Not before a slow one had the time that a request may take.
  expect(performance.now() - started).toBeGreaterThan(1000);
  expect(running.daemon.state().inFlight).toBe(0);
  expect((await running.send("GET", "/health/live")).status).toBe(200);
}, 120_000);
