import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeEchoModel } from "./echo-model.ts";
import { type Running, serveWith, startRunning } from "./running.ts";

let running: Running;
const sockets: Socket[] = [];

beforeAll(async () => {
  const { limits } = serveWith({});
  const serve = serveWith({ timeout: 1000, limits: { ...limits, body: 30_000_000 } });
  running = await startRunning({ serve }, (models) =>
    writeEchoModel(models, "echo", [{ name: "x", datatype: "FP32", dims: ["N", 1000] }]),
  );
  await vi.waitFor(async () => {
    expect((await running.send("GET", "/v2/health/ready")).status).toBe(200);
  }, 20_000);
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await running.close();
});

/** Asks for an answer of so many rows of 4 kB and reads nothing of it. */
function askInSilence(rows: number): Socket {
  const { host, port } = running.daemon.address() as { host: string; port: number };
  const socket = connect(port, host);
  socket.pause();
  socket.on("error", () => undefined);
  const bytes = rows * 4000;
  const parameters = { binary_data_size: bytes };
  const head = JSON.stringify({
    parameters: { binary_data_output: true },
    inputs: [{ name: "x", datatype: "FP32", shape: [rows, 1000], parameters }],
  });
  socket.write(
    `POST /v2/models/echo/infer HTTP/1.1\r\nHost: localhost\r\n` +
      `Inference-Header-Content-Length: ${head.length}\r\n` +
      `Content-Length: ${head.length + bytes}\r\n\r\n${head}`,
  );
  socket.write(Buffer.alloc(bytes));
  sockets.push(socket);
  return socket;
}

test("callers that read no answer are cut off, while others are answered", async () => {
  // More than the buffers of both ends take.
  for (let caller = 0; caller < 4; caller += 1) askInSilence(5000);
  await vi.waitFor(() => expect(running.daemon.state().inFlight).toBeGreaterThanOrEqual(4), 10_000);
  const started = performance.now();
  while (running.daemon.state().connections > 0) {
    const live = await running.send("GET", "/health/live", { privately: true });
    expect(live.status).toBe(200);
    expect(performance.now() - started).toBeLessThan(60_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(running.daemon.state().inFlight).toBe(0);
  expect(performance.now() - started).toBeGreaterThan(1000);
  expect((await running.send("GET", "/health/live")).status).toBe(200);
}, 120_000);
