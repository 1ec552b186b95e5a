import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { play } from "../../../src/bench/engine/play.ts";
import type { EngineInput } from "../../../src/bench/engine/measurement.ts";
import { summarize } from "../../../src/bench/measure/summary.ts";
import type { BenchSummary } from "../../../src/bench/measure/summary.ts";
import { planRun } from "../../../src/bench/scenario/plan.ts";
import { parseScenario } from "../../../src/bench/scenario/scenario.ts";
import type { Scenario } from "../../../src/bench/scenario/schema.ts";
import { refusedUrl, serve, serveRaw } from "./servers.ts";
import type { RunningServer } from "./servers.ts";

const small = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
let server: RunningServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

function openScenario(lines: string): Scenario {
  return parseScenario(`name: sample\nrequests: [{ path: / }]\n${lines}`, "sample.yaml");
}

/** Plays against `server`, and checks what must hold of every run. */
async function measure(lines: string, input: Partial<EngineInput> = {}): Promise<BenchSummary> {
  const target = { url: server?.url ?? "" };
  const plan = planRun(openScenario(lines), {});
  const { recording, facts, generator } = await play({ plan, target, ...input });
  const summary = summarize(recording, facts);
  const { scheduled, ok, failed, dropped, unfinished } = summary.requests;
  expect(scheduled).toBe(ok + failed + dropped + unfinished);
  const failures = Object.values(summary.errors).reduce((sum, count) => sum + count, 0);
  expect(failures).toBe(failed);
  expect(summary.latency?.count ?? 0).toBe(ok + (summary.errors["time-out"] ?? 0));
  expect(summary.service?.count).toBe(summary.latency?.count);
  expect(generator.sendLag?.count ?? 0).toBe(scheduled - dropped);
  return summary;
}

describe("the rate", () => {
  it.each([1, 2, 4])("is held by %i workers, to the request", async (workers) => {
    let seen = 0;
    server = await serve((_, response) => {
      seen += 1;
      response.end("ok");
    });
    const lines = `rate: 200\nduration: 1s\nworkers: ${workers}`;
    const { requests, workers: used, errorRate } = await measure(lines);
    expect(requests.scheduled).toBe(200);
    expect({ seen, used, errorRate }).toEqual({ seen: 200, used: workers, errorRate: 0 });
  });

  it("follows stages, and leaves the warm-up out", async () => {
    server = await serve((_, response) => response.end("ok"));
    const lines = "rate: 100\nwarmUp: 500ms\nstages: [{ to: 300, for: 1s }, { to: 0, for: 500ms }]";
    const { requests, slots, durationMs } = await measure(lines);
    expect(Math.abs(requests.scheduled - 275)).toBeLessThanOrEqual(1);
    expect(slots.map(({ at }) => at)).toEqual([0, 1000]);
    expect(Math.abs((slots[0]?.requests.scheduled ?? 0) - 200)).toBeLessThanOrEqual(1);
    expect(durationMs).toBe(1500);
  });

  it("does not wait for a target that stands still: the wait is in the response times", async () => {
    let begun: number | undefined;
    server = await serve((_, response) => {
      begun ??= performance.now();
      setTimeout(() => response.end("ok"), Math.max(0, begun + 1000 - performance.now()));
    });
    const { requests, latency } = await measure("rate: 100\nduration: 1s");
    expect(requests).toMatchObject({ scheduled: 100, ok: 100 });
    // The first one waited for the whole of it.
    expect(latency?.max).toBeGreaterThan(990);
  });

  it("is shared by the requests as their weights say, also between workers", async () => {
    server = await serve((_, response) => response.end("ok"));
    const text = "rate: 100\nduration: 400ms\nworkers: 3";
    const requests = [
      { method: "GET" as const, path: "/a?x=1", headers: {}, weight: 1, expect: {} },
      { method: "POST" as const, path: "/b", tag: "ask", headers: {}, weight: 3, expect: {} },
    ];
    const plan = { ...openScenario(text), requests };
    const { tags } = await measure(text, { plan });
    expect(tags["GET /a"]?.requests.scheduled).toBe(10);
    expect(tags["ask"]?.requests.scheduled).toBe(30);
  });
});

describe("more on their way than allowed", () => {
  it("are dropped and counted, never queued", async () => {
    server = await serveRaw(() => undefined);
    const lines = "rate: 100\nduration: 500ms\ntimeout: 2s\nmaxInFlight: 10";
    const { requests, errors } = await measure(lines);
    expect(requests).toMatchObject({ scheduled: 50, failed: 10, dropped: 40 });
    expect(errors).toEqual({ "time-out": 10 });
  });
});

describe("a target that fails", () => {
  it("by hanging up on half of the requests has an error rate of a half", async () => {
    server = await serveRaw((socket, count) =>
      count % 2 === 0 ? socket.end() : socket.write(small),
    );
    const { requests, errors } = await measure("rate: 200\nduration: 1s");
    expect(errors).toEqual({ "connection closed without an answer": requests.failed });
    expect(requests.failed).toBe(100);
  });

  it.each([
    ["resets", "connection reset"],
    ["garbage", "invalid answer"],
    ["half an answer", "answer cut short"],
    ["a header without an end", "invalid answer"],
    ["status 500", "status 500"],
  ])("by %s is counted so", async (fault, reason) => {
    server = await serveRaw((socket) => {
      if (fault === "resets") socket.resetAndDestroy();
      if (fault === "garbage") socket.write("SSH-2.0-OpenSSH_9.6\r\n");
      if (fault === "half an answer")
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
      if (fault === "a header without an end") {
        socket.write(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}`);
      }
      if (fault === "status 500") socket.write("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    });
    const { requests, errors } = await measure("rate: 40\nduration: 500ms");
    expect(errors).toEqual({ [reason]: 20 });
    expect(requests.failed).toBe(20);
  });

  it("by refusing connections has each request counted, those too that were not tried", async () => {
    const { errors, requests } = await measure("rate: 200\nduration: 1s", {
      target: { url: await refusedUrl() },
    });
    expect(errors["connection refused"]).toBeGreaterThan(0);
    const others = Object.keys(errors).filter((reason) => reason !== "connection refused");
    expect(["", "not sent: no connection could be opened just before"]).toContain(others.join());
    expect(requests).toMatchObject({ scheduled: 200, failed: 200 });
  });

  it("by not answering is given up after the time-out, and the wait is in the latency", async () => {
    server = await serveRaw(() => undefined);
    const { errors, latency } = await measure("rate: 20\nduration: 500ms\ntimeout: 300ms");
    expect(errors).toEqual({ "time-out": 10 });
    expect(latency?.min).toBeGreaterThan(295);
  });

  it("by a body of more than 64 MiB is broken off", async () => {
    server = await serve((_, response) => {
      let left = 1600;
      const write = () => {
        while (left > 0 && !response.destroyed) {
          left -= 1;
          if (!response.write(Buffer.alloc(65_536))) return;
        }
        response.end();
      };
      response.on("drain", write);
      write();
    });
    const { errors } = await measure("rate: 5\nduration: 200ms\ntimeout: 60s");
    expect(errors).toEqual({ "answer too long": 1 });
  });
});

describe("how the target is addressed", () => {
  it("is over a Unix socket, with the headers given, and a redirect is not followed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "studio-bench-"));
    const socketPath = join(folder, "api.sock");
    const seen = new Set<string>();
    server = await serve((request, response) => {
      seen.add(`${request.url} ${String(request.headers["x-key"])}`);
      response.writeHead(302, { location: "http://elsewhere.invalid/" }).end();
    }, socketPath);
    const target = { socketPath, headers: { "X-Key": "k1" } };
    const { errors } = await measure("rate: 20\nduration: 200ms", { target });
    expect([...seen]).toEqual(["/ k1"]);
    expect(errors).toEqual({ "status 302": 4 });
    await rm(folder, { recursive: true });
  });

  it("keeps the base path, and sends user and password as a header", async () => {
    const seen = new Set<string>();
    server = await serve((request, response) => {
      seen.add(`${request.url} ${request.headers.authorization}`);
      response.end();
    });
    const url = `${server.url.replace("//", "//ada:se%63ret@")}/studio/`;
    await measure("rate: 10\nduration: 100ms", { target: { url } });
    const credentials = Buffer.from("ada:secret").toString("base64");
    expect([...seen]).toEqual([`/studio/ Basic ${credentials}`]);
  });
});

describe("an interrupted open run", () => {
  it("ends at once and says that it is a part", async () => {
    server = await serveRaw(() => undefined);
    const signal = AbortSignal.timeout(700);
    const summary = await measure("rate: 20\nduration: 60s\ntimeout: 60s", { signal });
    expect(summary.interrupted).toBe(true);
    expect(summary.requests.unfinished).toBe(summary.requests.scheduled);
    expect(summary.requests.scheduled).toBeLessThan(1200);
  });
});
