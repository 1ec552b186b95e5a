import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { runClosed } from "../../../src/bench/engine/closed/closed-loop.ts";
import type { EngineInput } from "../../../src/bench/engine/measurement.ts";
import { summarize } from "../../../src/bench/measure/summary.ts";
import type { Scenario } from "../../../src/bench/scenario/schema.ts";
import type { BenchProgress, BenchSummary } from "../../../src/bench/measure/summary.ts";
import { refusedUrl, scenarioOf, serve, serveRaw } from "./servers.ts";
import type { RunningServer } from "./servers.ts";

const small = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
let server: RunningServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Runs against `server`, and checks what must hold of every summary. */
async function measure(
  scenario: Scenario,
  input: Partial<EngineInput> = {},
): Promise<BenchSummary> {
  const target = { url: server?.url ?? "" };
  const { recording, facts } = await runClosed({ plan: scenario, target, ...input });
  const summary = summarize(recording, facts);
  expectConservation(summary);
  return summary;
}

function expectConservation({ requests, errors, statuses, checks, latency }: BenchSummary): void {
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
  expect(requests.scheduled).toBe(requests.ok + requests.failed + requests.unfinished);
  expect(sum(errors)).toBe(requests.failed);
  expect(sum(statuses)).toBe(checks.passed + checks.failed);
  expect(latency?.count ?? 0).toBe(requests.ok + (errors["time-out"] ?? 0));
}

describe("what is measured", () => {
  it("is the latency of a server that takes 20 ms", async () => {
    server = await serve((_, response) => setTimeout(() => response.end("ok"), 20));
    const summary = await measure(scenarioOf(5, 1000));
    expect(summary.latency?.p50).toBeGreaterThan(19);
    expect(summary.latency?.min).toBeLessThan(30);
    expect(summary.errorRate).toBe(0);
    expect(summary.requests.unfinished).toBe(0);
    // Five users, each with an answer every 20 ms or later: how much later is the machine's affair.
    expect(summary.rate).toBeLessThanOrEqual(260);
    expect(summary.durationMs).toBeCloseTo(1000, -1);
  });

  it("agrees with what the server counted, request by request", async () => {
    const seen = new Map<string, number>();
    server = await serve((request, response) => {
      const key = `${request.method} ${request.url}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      request.resume().on("end", () => response.end("ok"));
    });
    const weighted = scenarioOf(3, 400, {
      requests: [
        { method: "GET", path: "/live?x=1", headers: {}, weight: 1, expect: {} },
        { method: "POST", path: "/ask", headers: {}, body: { text: "é" }, weight: 3, expect: {} },
      ],
    });
    const { requests } = await measure(weighted);
    const [asked = 0, live = 0] = [seen.get("POST /ask"), seen.get("GET /live?x=1")];
    expect(asked + live).toBe(requests.scheduled);
    expect(asked / live).toBeCloseTo(3, 0);
  });

  it("leaves the warm-up out", async () => {
    let answered = 0;
    server = await serve((_, response) => {
      answered += 1;
      setTimeout(() => response.end("ok"), 10);
    });
    const summary = await measure(scenarioOf(2, 400, { warmUp: 400 }));
    expect(summary.durationMs).toBeCloseTo(400, -1);
    expect(summary.requests.scheduled).toBeLessThan(answered * 0.75);
  });

  it("starts the users one after the other and lets them pause", async () => {
    const connectedAt: number[] = [];
    server = await serve((_, response) => {
      if (response.socket?.bytesWritten === 0) connectedAt.push(performance.now());
      response.end("ok");
    });
    const summary = await measure(scenarioOf(4, 800, { rampUp: 400, thinkTime: 100 }));
    const [first = 0] = connectedAt;
    expect(connectedAt.map((at) => Math.round((at - first) / 100))).toEqual([0, 1, 2, 3]);
    expect(summary.requests.scheduled).toBeGreaterThan(15);
    expect(summary.requests.scheduled).toBeLessThanOrEqual(8 + 7 + 6 + 5);
  });

  it("tells where it stands", async () => {
    server = await serve((_, response) => setTimeout(() => response.end("ok"), 5));
    const seen: BenchProgress[] = [];
    await measure(scenarioOf(1, 1200), { onProgress: (progress) => seen.push(progress) });
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(seen.at(-1)?.requests.ok).toBeGreaterThan(seen[1]?.requests.ok ?? Infinity);
  });
});

describe("how the target is addressed", () => {
  it("is over a Unix socket", async () => {
    const folder = await mkdtemp(join(tmpdir(), "studio-bench-"));
    const socketPath = join(folder, "api.sock");
    server = await serve((_, response) => response.end("ok"), socketPath);
    const summary = await measure(scenarioOf(2, 200), { target: { socketPath } });
    expect(summary.requests.ok).toBeGreaterThan(10);
    expect(summary.errorRate).toBe(0);
    await rm(folder, { recursive: true });
  });

  it("keeps the base path, sends the headers, and follows no redirect", async () => {
    const seen = new Set<string>();
    server = await serve((request, response) => {
      seen.add(
        `${request.url} ${String(request.headers["x-key"])} ${request.headers.authorization}`,
      );
      response.writeHead(302, { location: "http://elsewhere.invalid/" }).end();
    });
    const url = `${server.url.replace("//", "//ada:se%63ret@")}/studio/`;
    const target = { url, headers: { "X-Key": "k1" } };
    const summary = await measure(scenarioOf(1, 100), { target });
    const credentials = Buffer.from("ada:secret").toString("base64");
    expect([...seen]).toEqual([`/studio/ k1 Basic ${credentials}`]);
    expect(summary.errors).toEqual({ "status 302": summary.requests.scheduled });
    expect(JSON.stringify(summary)).not.toContain("secret");
  });

  it("refuses an address that is not of HTTP without repeating it", async () => {
    const refused = measure(scenarioOf(1, 100), { target: { url: "ftp://ada:secret@host/" } });
    await expect(refused).rejects.toMatchObject({ exitCode: 2 });
    await expect(refused).rejects.not.toThrow("secret");
  });
});

describe("a target that fails", () => {
  it("with half of the answers 500 has an error rate of a half", async () => {
    let count = 0;
    server = await serve((_, response) => {
      count += 1;
      response.statusCode = count % 2 === 0 ? 500 : 200;
      response.end("ok");
    });
    const summary = await measure(scenarioOf(4, 400));
    expect(summary.errorRate).toBeCloseTo(0.5, 2);
    expect(summary.errors).toEqual({ "status 500": summary.requests.failed });
    expect(Object.keys(summary.statuses)).toEqual(["200", "500"]);
  });

  it("accepts the status that a request expects", async () => {
    server = await serve((_, response) => response.writeHead(404).end());
    const requests = scenarioOf(1, 1).requests.map((one) => ({
      ...one,
      expect: { status: [404] },
    }));
    expect((await measure(scenarioOf(1, 100, { requests }))).errorRate).toBe(0);
  });

  it("by hanging up on half of the requests has an error rate of a half", async () => {
    server = await serveRaw((socket, count) =>
      count % 2 === 0 ? socket.end() : socket.write(small),
    );
    const summary = await measure(scenarioOf(4, 500));
    expect(summary.requests.scheduled).toBeGreaterThan(100);
    expect(Math.abs(summary.errorRate - 0.5)).toBeLessThan(0.02);
    expect(summary.errors).toEqual({
      "connection closed without an answer": summary.requests.failed,
    });
    expect(summary.latency?.p50).toBeLessThan(20);
  });

  it("by resetting connections is counted so", async () => {
    server = await serveRaw((socket) => socket.resetAndDestroy());
    const summary = await measure(scenarioOf(2, 300));
    expect(summary.errors).toEqual({ "connection reset": summary.requests.scheduled });
    expect(summary.latency).toBeNull();
  });

  it("by refusing connections is asked less and less often", async () => {
    const summary = await measure(scenarioOf(5, 1000), { target: { url: await refusedUrl() } });
    expect(summary.errors).toEqual({ "connection refused": summary.requests.scheduled });
    expect(summary.requests.scheduled).toBeLessThan(60);
    expect(summary).toMatchObject({ errorRate: 1, rate: 0 });
  });

  it("by being absent for five seconds ends the run", async () => {
    const summary = await measure(scenarioOf(2, 60_000), { target: { url: await refusedUrl() } });
    expect(summary.durationMs).toBeLessThan(7000);
  }, 10_000);

  it("by not answering is given up after the time-out, and the wait is in the latency", async () => {
    server = await serveRaw(() => undefined);
    const summary = await measure(scenarioOf(3, 500, { timeout: 200 }));
    expect(summary.errors).toEqual({ "time-out": summary.requests.scheduled });
    expect(summary.requests.scheduled).toBeGreaterThanOrEqual(6);
    expect(summary.latency?.min).toBeGreaterThan(195);
    expect(summary.latency?.max).toBeLessThan(400);
  });

  it.each([
    ["garbage", "SSH-2.0-OpenSSH_9.6\r\n", "invalid answer"],
    ["a header without an end", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}`, "invalid answer"],
    ["two answers at once", small + small, "more than one answer"],
  ])("by sending %s is counted so", async (_, text, reason) => {
    server = await serveRaw((socket) => socket.write(text));
    const summary = await measure(scenarioOf(2, 200, { timeout: 1000 }));
    expect(summary.errors).toEqual({ [reason]: summary.requests.scheduled });
  });

  it("by cutting its answers short is counted so, and spoils no later answer", async () => {
    const cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this";
    server = await serveRaw((socket, n) => (n % 2 === 0 ? socket.end(cut) : socket.write(small)));
    const summary = await measure(scenarioOf(1, 300));
    expect(summary.errors).toEqual({ "answer cut short": summary.requests.failed });
    expect(Math.abs(summary.errorRate - 0.5)).toBeLessThan(0.02);
  });

  it("by a body without an end meets the time-out", async () => {
    server = await serve((_, response) => {
      const write = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on("drain", write);
      write();
    });
    const summary = await measure(scenarioOf(1, 100, { timeout: 300 }));
    expect(summary.errors).toEqual({ "time-out": 1 });
  });
});

describe("a target that does well in an unusual way", () => {
  it.each([
    ["closes after each answer", "Connection: close\r\nContent-Length: 2\r\n\r\nok", true],
    ["tells the length by closing", "\r\nan answer of unknown length", true],
    ["answers in chunks", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", false],
  ])("has no errors: it %s", async (_, rest, closes) => {
    server = await serveRaw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${rest}`);
      if (closes) socket.end();
    });
    const summary = await measure(scenarioOf(2, 300));
    expect(summary.errors).toEqual({});
    expect(summary.requests.ok).toBeGreaterThan(5);
  });

  it("has no errors: it sends early hints before its answer", async () => {
    server = await serveRaw((socket) => {
      socket.write("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
      setTimeout(() => socket.write(small), 20);
    });
    const summary = await measure(scenarioOf(2, 300));
    expect(summary.statuses).toEqual({ "200": summary.requests.scheduled });
    expect(summary.latency?.min).toBeGreaterThan(19);
  });

  it("has no errors: it closes connections that idle", async () => {
    server = await serveRaw((socket) => {
      socket.write(small);
      setTimeout(() => socket.end(), 10);
    });
    const summary = await measure(scenarioOf(2, 400, { thinkTime: 50 }));
    expect(summary.errors).toEqual({});
    expect(summary.requests.ok).toBeGreaterThan(8);
  });
});

describe("an interrupted run", () => {
  it("ends at once and says that it is a part", async () => {
    server = await serveRaw(() => undefined);
    const before = performance.now();
    const summary = await measure(scenarioOf(3, 60_000), { signal: AbortSignal.timeout(200) });
    expect(performance.now() - before).toBeLessThan(1500);
    expect(summary).toMatchObject({ interrupted: true, requests: { scheduled: 3, unfinished: 3 } });
  });

  it("sends nothing when it was over before it began", async () => {
    server = await serve((_, response) => response.end("ok"));
    const summary = await measure(scenarioOf(3, 1000), { signal: AbortSignal.abort() });
    expect(summary).toMatchObject({ interrupted: true, requests: { scheduled: 0 } });
  });

  it("leaves nothing running when the caller's progress display fails", async () => {
    let requests = 0;
    server = await serve((_, response) => {
      requests += 1;
      response.end("ok");
    });
    const onProgress = () => {
      throw new Error("display");
    };
    await expect(measure(scenarioOf(2, 5000), { onProgress })).rejects.toThrow("display");
    const then = requests;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(requests - then).toBeLessThanOrEqual(2);
  });
});
