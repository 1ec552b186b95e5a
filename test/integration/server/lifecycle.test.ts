import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { Agent } from "node:http";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Daemon, type DaemonSpec, startDaemon } from "../../../src/server/daemon.ts";
import { classifierModel, votingWeights } from "../../unit/inference/onnx-file.ts";
import { daemonSpec, prepareFolder, type Running, sendTo, startRunning } from "./running.ts";

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(changes: Partial<DaemonSpec> = {}): Promise<Running> {
  const running = await startRunning(changes);
  closing.push(() => running.close());
  return running;
}

async function prepareSpec(): Promise<{ folder: string; spec: DaemonSpec }> {
  const { folder, database } = await prepareFolder();
  // A look at the storage may be under way when the daemon has stopped.
  closing.push(() => rm(folder, { recursive: true, maxRetries: 5 }));
  return { folder, spec: { ...daemonSpec(folder, database), logger: pino({ level: "silent" }) } };
}

const question = { task: "language", text: "what is this" };
const textPath = "/api/v1/text/process";

describe("starting", () => {
  it("is refused off loopback without a key", async () => {
    const { spec } = await prepareSpec();
    const listen = { host: "0.0.0.0", port: 0 };
    await expect(startDaemon({ ...spec, listen })).rejects.toMatchObject({ code: "usage" });
  });

  it("replaces the socket of a killed daemon, but not of a living one", async () => {
    const { spec } = await prepareSpec();
    const path = spec.privateSocket as string;
    const leftover = createServer().listen(path);
    await once(leftover, "listening");
    await expect(startDaemon(spec)).rejects.toMatchObject({ code: "daemon.socket" });
    expect(existsSync(path)).toBe(true);
    await rm(path);
    leftover.close();
    await writeFile(path, "a file");
    await expect(startDaemon(spec)).rejects.toMatchObject({ code: "daemon.socket" });
    await rm(path);
    const daemon = await startDaemon(spec);
    await daemon.stop(0);
  });

  it("names the port that is taken", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    closing.push(async () => holder.close());
    const { port } = holder.address() as { port: number };
    const { spec } = await prepareSpec();
    const listen = { host: "127.0.0.1", port };
    await expect(startDaemon({ ...spec, listen })).rejects.toMatchObject({
      code: "daemon.listen",
      message: expect.stringContaining(`${port}`) as string,
    });
  });
});

describe("a configured key", () => {
  it("is asked for on the public address, except for health", async () => {
    const running = await start({ keys: ["the-key"] });
    const denied = await running.send("POST", textPath, { body: question });
    expect(denied).toMatchObject({
      status: 401,
      headers: { "www-authenticate": "Bearer" },
      body: { code: "auth.missing" },
    });
    expect((await running.send("GET", "/metrics")).status).toBe(401);
    expect((await running.send("GET", "/health/ready")).status).toBe(200);
    const headers = { authorization: "Bearer the-key" };
    expect((await running.send("POST", textPath, { body: question, headers })).status).toBe(200);
    const privately = { body: question, privately: true };
    expect((await running.send("POST", textPath, privately)).status).toBe(200);
    expect(JSON.stringify(running.log)).not.toContain("the-key");
  });
});

describe("what does not work", () => {
  it("is told by health and readiness while the daemon lives on", async () => {
    const { folder, spec } = await prepareSpec();
    await mkdir(join(folder, "models/broken/1"), { recursive: true });
    await writeFile(join(folder, "models/broken/1/model.onnx"), "no protobuf");
    const daemon = await startDaemon({ ...spec, acceptAtOnce: false });
    closing.push(() => daemon.stop(0));
    await daemon.accept();
    const { host, port } = daemon.address() as { host: string; port: number };
    await vi.waitFor(() => {
      expect(daemon.state().models).toMatchObject([
        { ready: false },
        { ready: true },
        { ready: true },
      ]);
    }, 10_000);
    const ready = await fetch(`http://${host}:${port}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ status: "not ready", release: spec.release });
    const health = await fetch(`http://${host}:${port}/health`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({
      status: "unhealthy",
      components: { models: { status: "unhealthy" }, database: { status: "healthy" } },
    });
    expect(daemon.state()).toMatchObject({
      ready: false,
      models: [
        { name: "broken", ready: false },
        { name: "embedding", ready: true },
        { name: "language", ready: true },
      ],
      // Asking for health is no use of the API.
      requests: { total: 0, errors: 0 },
    });
    const answer = await fetch(`http://${host}:${port}${textPath}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(question),
    });
    expect(answer.status).toBe(200);
  });

  it("is a model whose configuration or hash is wrong; the others are served", async () => {
    const { folder, spec } = await prepareSpec();
    for (const [name, file, content] of [
      ["settings", "config.yaml", "instances: many"],
      ["hash", "SHA256SUMS", `${"0".repeat(64)}  model.onnx`],
    ] as const) {
      await mkdir(join(folder, "models", name, "1"), { recursive: true });
      await writeFile(join(folder, "models", name, "1/model.onnx"), "any");
      await writeFile(join(folder, "models", name, "1", file), content);
    }
    const log: string[] = [];
    const stream = { write: (line: string) => log.push(line) };
    const logger = pino({ level: "info", messageKey: "message" }, stream);
    const daemon = await startDaemon({ ...spec, logger });
    closing.push(() => daemon.stop(0));
    const models = [{ name: "embedding" }, { name: "language" }];
    expect(daemon.state()).toMatchObject({ ready: false, models });
    expect(daemon.address()).not.toBeNull();
    const reasons = log
      .map((line) => JSON.parse(line) as { message: string; model?: string; reason?: string })
      .filter(({ message }) => message === "model not loaded");
    expect(
      reasons.toSorted((one, other) => ((one.model ?? "") < (other.model ?? "") ? -1 : 1)),
    ).toMatchObject([
      { model: "hash", reason: expect.stringContaining("has the SHA-256") as string },
      { model: "settings", reason: expect.stringContaining("instances: ") as string },
    ]);
  });

  it("mends itself while files are watched", async () => {
    const { folder, spec } = await prepareSpec();
    const file = join(folder, "models/late/1/model.onnx");
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, "no protobuf");
    const daemon = await startDaemon({ ...spec, serve: { ...spec.serve, watch: true } });
    closing.push(() => daemon.stop(0));
    expect(daemon.state().ready).toBe(false);
    const weights = votingWeights(4, 4);
    await writeFile(file, classifierModel({ width: 4, classes: 4, weights }));
    for (let turn = 0; turn < 500 && !daemon.state().ready; turn++) await sleep(20);
    expect(daemon.state()).toMatchObject({
      models: [{ name: "embedding" }, { name: "language" }, { name: "late", ready: true }],
    });
  });

  it("is a database that cannot be reached", async () => {
    const url = "postgres://someone:secret-word@127.0.0.1:9/studio";
    const running = await start({ database: { dialect: "postgres", file: null, url } });
    const { status, body } = await running.send("GET", "/health");
    expect(status).toBe(503);
    expect(body).toMatchObject({ components: { database: { status: "unhealthy" } } });
    expect((await running.send("GET", "/health/ready")).status).toBe(503);
    expect((await running.send("GET", "/api/v1/vector/collections")).status).toBe(503);
    expect((await running.send("POST", textPath, { body: question })).status).toBe(200);
    expect(running.log.map(({ message }) => message)).toContain("health");
    expect(JSON.stringify(running.log)).not.toContain("secret-word");
  });
});

describe("stopping", () => {
  it("finishes what is in flight and removes the private socket", async () => {
    const { folder, spec } = await prepareSpec();
    const model = join(folder, "models/language/1/model.onnx");
    const weights = votingWeights(256, 3);
    await writeFile(model, classifierModel({ width: 256, classes: 3, weights, detours: 2000 }));
    const daemon = await startDaemon(spec);
    closing.push(() => daemon.stop(0));
    const { host, port } = daemon.address() as { host: string; port: number };
    const body = JSON.stringify({ task: "language", texts: Array(8).fill("some text") });
    const headers = { "content-type": "application/json" };
    const answer = fetch(`http://${host}:${port}${textPath}`, { method: "POST", body, headers });
    while (daemon.state().inFlight === 0) await sleep(1);
    const stopped = daemon.stop(5000);
    expect(daemon.state()).toMatchObject({ accepting: false, ready: false });
    await expect(fetch(`http://${host}:${port}/`)).rejects.toThrow();
    const { status, headers: answered } = await answer;
    expect(status).toBe(200);
    expect(answered.get("connection")).toBe("close");
    await stopped;
    await daemon.closed;
    expect(existsSync(spec.privateSocket as string)).toBe(false);
  });

  it("is the daemon's own doing when a run of a model does not end, and is told", async () => {
    const { daemon } = await startAlone();
    expect(daemon.gaveUp).toBe(false);
    daemon.giveUp();
    await daemon.closed;
    expect(daemon.gaveUp).toBe(true);
  });

  it("tells what waits that it waits in vain, before its time is over", async () => {
    const { folder, spec } = await prepareSpec();
    const model = join(folder, "models/language/1");
    const weights = votingWeights(256, 3);
    const slow = classifierModel({ width: 256, classes: 3, weights, detours: 2000 });
    await writeFile(join(model, "model.onnx"), slow);
    const configuration = JSON.parse(await readFile(join(model, "config.yaml"), "utf8")) as object;
    const alone = JSON.stringify({ ...configuration, instances: 1, batching: { rows: 8 } });
    await writeFile(join(model, "config.yaml"), alone);
    const daemon = await startDaemon(spec);
    closing.push(() => daemon.stop(0));
    const address = daemon.address() as { host: string; port: number };
    const target = { ...address, path: textPath, method: "POST", agent: false };
    const body = { task: "language", texts: Array<string>(8).fill("some text") };
    let answered = 0;
    const answers = Array.from({ length: 60 }, async () => {
      const answer = await sendTo(target, body).catch(() => null);
      answered++;
      return answer;
    });
    await vi.waitFor(() => {
      expect(daemon.state().inFlight + answered).toBe(answers.length);
    }, 10_000);
    await daemon.stop(400);
    const all = await Promise.all(answers);
    // What is being computed when the time is over is cut, and nothing else.
    expect(all.filter((answer) => answer === null).length).toBeLessThanOrEqual(1);
    const refused = all.filter((answer) => answer !== null && answer.status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expect(answer).toMatchObject({
        status: 503,
        headers: { "retry-after": expect.stringMatching(/^\d+$/) as string, connection: "close" },
        body: { code: "inference.draining", title: "Service Unavailable" },
      });
    }
  });

  it("does not wait for connections on which nothing happens", async () => {
    const { daemon, address } = await startAlone();
    const agent = new Agent({ keepAlive: true });
    await sendTo({ ...address, path: "/", agent });
    const silent = connect(address.port, address.host);
    await once(silent, "connect");
    while (daemon.state().connections < 2) await sleep(5);
    const started = performance.now();
    await daemon.stop(30_000);
    // A second of patience; without it Node.js waits for five, and for the silent one much longer.
    expect(performance.now() - started).toBeLessThan(4000);
    agent.destroy();
  });

  it("answers on a connection in use, and asks for another one from then on", async () => {
    const { daemon, address } = await startAlone();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = () => sendTo({ ...address, path: "/", agent });
    await ask();
    await sleep(100);
    const stopped = daemon.stop(30_000);
    await sleep(100);
    expect(await ask()).toMatchObject({ status: 200, headers: { connection: "close" } });
    await stopped;
    agent.destroy();
  });
});

async function startAlone(): Promise<{ daemon: Daemon; address: { host: string; port: number } }> {
  const { spec } = await prepareSpec();
  const daemon = await startDaemon(spec);
  closing.push(() => daemon.stop(0));
  return { daemon, address: daemon.address() as { host: string; port: number } };
}
