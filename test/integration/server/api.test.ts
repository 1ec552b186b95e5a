import { statSync, existsSync } from "node:fs";
import { STATUS_CODES } from "node:http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { DaemonState } from "../../../src/server/daemon.ts";
import { type Running, startRunning } from "./running.ts";

let running: Running;

beforeAll(async () => {
  running = await startRunning();
});

afterAll(async () => {
  await running.close();
});

describe("information and health", () => {
  it("says what answers", async () => {
    const root = await running.send("GET", "/");
    expect(root.body).toMatchObject({ name: "studio", version: "1.2.3", environment: "local" });
    const info = await running.send("GET", "/api/v1/system/info");
    expect(info.body).toMatchObject({
      release: running.spec.release,
      models: [
        { name: "embedding", version: "1", ready: true },
        { name: "language", version: "1", ready: true },
      ],
    });
  });

  it("reports the health of each component", async () => {
    // A look at a component that took too long on a busy machine is repeated a little later.
    const { status, body } = await vi.waitFor(async () => {
      const answer = await running.send("GET", "/health");
      expect(answer.status).toBe(200);
      return answer;
    }, 10_000);
    expect(status).toBe(200);
    const component = { status: "healthy", duration_ms: expect.any(Number) as number };
    const share = expect.any(Number) as number;
    expect(body).toEqual({
      status: "healthy",
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      version: "1.2.3",
      system: {
        memory_usage_percent: share,
        cpu_usage_percent: share,
        disk_usage_percent: share,
      },
      application: { active_connections: 1, task_queue_size: 0 },
      components: { database: component, models: component, storage: component },
    });
  });

  it("is live and ready", async () => {
    for (const word of ["live", "ready"]) {
      const answer = await running.send("GET", `/health/${word}`);
      expect(answer).toMatchObject({
        status: 200,
        body: { status: word, release: running.spec.release },
      });
    }
  });

  it("sends the release, an id and the security headers with every answer", async () => {
    for (const path of ["/", "/health/live", "/nothing", "/%zz", "/control/state"]) {
      const { headers } = await running.send("GET", path, { headers: { "x-request-id": "my-1" } });
      expect(headers, path).toMatchObject({
        "x-studio-release": running.spec.release,
        "x-request-id": "my-1",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "content-security-policy": "default-src 'self'",
        "referrer-policy": "no-referrer",
      });
    }
    const { headers } = await running.send("GET", "/", { headers: { "x-request-id": "a b" } });
    expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("errors", () => {
  it("have one shape, whatever went wrong", async () => {
    const path = "/api/v1/text/process";
    const cases: [string, string, unknown, number, string][] = [
      ["GET", "/nothing", undefined, 404, "route.unknown"],
      ["GET", "/%zz", undefined, 400, "request.invalid"],
      ["POST", path, {}, 400, "request.invalid"],
      ["POST", path, { task: "poetry", text: "x" }, 400, "request.invalid"],
      ["POST", path, { task: "language" }, 400, "request.invalid"],
      ["POST", path, { task: "language", text: "a", more: 1 }, 400, "request.invalid"],
      ["POST", path, { task: "language", text: 5 }, 400, "request.invalid"],
      ["POST", path, { task: "language", text: "x".repeat(1001) }, 400, "request.invalid"],
      ["POST", path, { task: "language", texts: Array(9).fill("x") }, 400, "request.invalid"],
      ["POST", path, { task: "language", text: "x".repeat(100_001) }, 413, "request.too_large"],
    ];
    for (const [method, url, body, status, code] of cases) {
      const answer = await running.send(method, url, { body });
      const name = `${method} ${url}`;
      expect(answer, name).toMatchObject({ status, body: { status, code } });
      expect(answer.headers["content-type"], name).toContain("application/problem+json");
      const problem = answer.body as Record<string, string>;
      expect(problem["type"]).toBe(`urn:studio:problem:${code}`);
      expect(problem["title"]).toBe(STATUS_CODES[status]);
      expect(problem["instance"]).toBe(url);
      expect(problem["requestId"]).toBe(answer.headers["x-request-id"]);
      expect(problem["detail"]?.length).toBeGreaterThan(10);
    }
  });
});

describe("a path that is there", () => {
  it("says which methods it has", async () => {
    const cases: [string, string, string][] = [
      ["DELETE", "/health", "GET, HEAD"],
      ["GET", "/api/v1/text/process", "POST"],
      ["POST", "/api/v1/vector/collections/notes", "DELETE, GET, HEAD, PUT"],
      ["GET", "/v2/models/language/versions/1/infer", "POST"],
    ];
    for (const [method, path, allow] of cases) {
      const answer = await running.send(method, path);
      expect(answer, path).toMatchObject({
        status: 405,
        headers: { allow },
        body: { code: "route.method", title: "Method Not Allowed" },
      });
    }
    // What is private is not there at all, but for those who come that way.
    expect((await running.send("DELETE", "/control/state")).status).toBe(404);
    const options = { privately: true };
    expect((await running.send("DELETE", "/control/state", options)).status).toBe(405);
  });

  it("says where a body or a path is wrong", async () => {
    const body = { collection: "c", vector: [1, 2], more: 1 };
    const answer = await running.send("POST", "/api/v1/vector/search", { body });
    const { errors } = answer.body as { errors: object[] };
    expect(answer.status).toBe(400);
    expect(errors).toContainEqual({
      pointer: "/more",
      in: "body",
      detail: "must NOT have additional properties",
    });
    const name = await running.send("GET", "/api/v1/vector/collections/a%20b");
    expect(name).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/name", in: "path" }] },
    });
  });

  it("says what the operator wrote meanwhile, as text alone", async () => {
    running.daemon.maintain(true, 'moving <b>racks</b> & "disks"');
    try {
      const plain = await running.send("GET", "/v2/models/language");
      expect(plain).toMatchObject({ body: { detail: 'moving <b>racks</b> & "disks"' } });
      const page = await running.send("GET", "/", { headers: { accept: "text/html" } });
      expect(page.body).toContain("<p>moving &lt;b&gt;racks&lt;/b&gt; &amp; &quot;disks&quot;</p>");
    } finally {
      running.daemon.maintain(false);
    }
  });

  it("says to come back later while the service is changed, as the caller reads best", async () => {
    running.daemon.maintain(true);
    try {
      const plain = await running.send("GET", "/v2/models/language");
      expect(plain).toMatchObject({
        status: 503,
        headers: { "retry-after": "10", "content-type": "application/problem+json; charset=utf-8" },
        body: { code: "maintenance", status: 503, requestId: plain.headers["x-request-id"] },
      });
      const page = await running.send("GET", "/", { headers: { accept: "text/html" } });
      expect(page.headers["content-type"]).toContain("text/html");
      expect((await running.send("GET", "/health/live")).status).toBe(200);
    } finally {
      running.daemon.maintain(false);
    }
  });
});

describe("language identification", () => {
  it("answers one text, or a list in its order", async () => {
    const path = "/api/v1/text/process";
    const one = await running.send("POST", path, { body: { task: "language", text: "guten Tag" } });
    expect(one.status).toBe(200);
    const { result } = one.body as { result: { language: string; top: object[] } };
    expect(result.top).toHaveLength(3);
    const texts = ["guten Tag", "good day", "bonjour"];
    const many = await running.send("POST", path, { body: { task: "language", texts } });
    expect(many.body).toMatchObject({
      task: "language",
      model: { name: "language", version: "1" },
      languages: ["en", "de", "fr"],
    });
    const { results } = many.body as { results: object[] };
    expect(results).toHaveLength(3);
    expect(results[0]).toEqual(result);
  });

  it("gives concurrent callers their own answers", async () => {
    const path = "/api/v1/text/process";
    const ask = async (text: string): Promise<unknown> =>
      (await running.send("POST", path, { body: { task: "language", text } })).body;
    const texts = Array.from({ length: 40 }, (_, index) => `text ${"abcdefgh".slice(index % 8)}`);
    const alone: unknown[] = [];
    for (const text of texts.slice(0, 8)) alone.push(await ask(text));
    const together = await Promise.all(texts.map(ask));
    for (const [index, answer] of together.entries()) {
      const close = (value: unknown): string =>
        JSON.stringify(value, (_key, item: unknown) =>
          typeof item === "number" ? item.toFixed(5) : item,
        );
      expect(close(answer)).toBe(close(alone[index % 8]));
    }
  });
});

describe("vector collections", () => {
  it("are created, filled, searched and deleted", async () => {
    const collections = "/api/v1/vector/collections";
    const body = { dimension: 2, metric: "euclidean" };
    const created = await running.send("PUT", `${collections}/notes`, { body });
    expect(created).toMatchObject({ status: 201, body: { name: "notes", items: 0, ...body } });
    expect((await running.send("PUT", `${collections}/notes`, { body })).status).toBe(200);
    const differs = await running.send("PUT", `${collections}/notes`, { body: { dimension: 3 } });
    expect(differs.status).toBe(409);

    const items = [
      { id: "a", vector: [0, 0] },
      { vector: [3, 4], metadata: { page: 7 } },
    ];
    const added = await running.send("POST", `${collections}/notes/items`, { body: { items } });
    expect(added).toMatchObject({ status: 201, body: { ids: ["a", expect.any(String)] } });
    const search = { collection: "notes", vector: [0, 0], top_k: 2 };
    const found = await running.send("POST", "/api/v1/vector/search", { body: search });
    expect(found.body).toMatchObject({
      metric: "euclidean",
      results: [
        { id: "a", score: 0, metadata: {} },
        { score: 5, metadata: { page: 7 } },
      ],
    });
    const list = await running.send("GET", collections);
    expect(list.body).toMatchObject({ collections: [{ name: "notes", items: 2 }] });

    expect((await running.send("DELETE", `${collections}/notes`)).status).toBe(204);
    expect((await running.send("GET", `${collections}/notes`)).status).toBe(404);
    const gone = await running.send("POST", "/api/v1/vector/search", { body: search });
    expect(gone).toMatchObject({
      status: 404,
      body: { code: "vector.collection.missing" },
    });
  });
});

describe("metrics and log", () => {
  it("say how many incidents are open, by level, where somebody keeps count", async () => {
    const counting = await startRunning({ openIncidents: () => ({ error: 2 }) });
    const { body } = await counting.send("GET", "/metrics");
    await counting.close();
    for (const [level, count] of [
      ["info", 0],
      ["error", 2],
      ["critical", 0],
    ] as const) {
      expect(body).toContain(`studio_alerts{level="${level}"} ${count}`);
    }
  });

  it("count requests by route and inferences by model", async () => {
    const { body, headers } = await running.send("GET", "/metrics");
    expect(headers["content-type"]).toContain("text/plain");
    const text = body as string;
    for (const line of [
      /^studio_requests_total\{method="GET",route="\/",status="200"\} \d+/m,
      /^studio_requests_total\{method="GET",route="unmatched",status="404"\} \d+/m,
      /^studio_request_duration_seconds_bucket\{le="0.005",method="GET",route="\/health"/m,
      /^studio_model_inferences_total\{model="language",version="1",outcome="success"\} \d+/m,
      /^studio_model_inference_duration_seconds_count\{model="language",version="1"\} \d+/m,
      /^studio_active_connections 1$/m,
      /^studio_task_queue_size\{model="language",version="1"\} 0$/m,
      /^studio_health_status\{component="database"\} 1$/m,
      /^studio_database_operations_total\{operation="insert",outcome="success"\} \d+/m,
      /^process_resident_memory_bytes \d+/m,
    ]) {
      expect(text).toMatch(line);
    }
  });

  it("continue the caller's trace", async () => {
    running.log.length = 0;
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const answer = await running.send("GET", "/nothing?api_key=secret-word", { headers });
    const [, spanId] =
      new RegExp(`^00-${traceId}-([0-9a-f]{16})-01$`).exec(String(answer.headers["traceparent"])) ??
      [];
    expect(spanId).not.toBe("00f067aa0ba902b7");
    const line = running.log.find(({ message }) => message === "request");
    expect(line).toMatchObject({ trace_id: traceId, span_id: spanId, code: "route.unknown" });
    expect(JSON.stringify([running.log, answer.body])).not.toContain("secret-word");
  });

  it("has one line for each request and nothing of its body", async () => {
    running.log.length = 0;
    const headers = { "x-request-id": "seen-in-the-log" };
    const body = { task: "language", text: "a very private text" };
    await running.send("POST", "/api/v1/text/process", { body, headers });
    expect(running.log.filter(({ message }) => message === "request")).toEqual([
      expect.objectContaining({
        module: "server",
        level: 30,
        requestId: "seen-in-the-log",
        method: "POST",
        route: "/api/v1/text/process",
        status: 200,
        ms: expect.any(Number) as number,
      }),
    ]);
    expect(JSON.stringify(running.log)).not.toContain("private");
  });
});

describe("the private socket", () => {
  it("belongs to its user alone and has the whole API and the control routes", async () => {
    const path = running.spec.privateSocket as string;
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await running.send("GET", "/health/ready", { privately: true })).status).toBe(200);
    const { status, body } = await running.send("GET", "/control/state", { privately: true });
    expect(status).toBe(200);
    const day = expect.objectContaining({ requests: running.daemon.state().requests.total });
    const expected = { ...(running.daemon.state() satisfies DaemonState), day };
    expect(body).toEqual(expected);
    expect(body).toMatchObject({ accepting: true, ready: true, inFlight: 0, takesLeft: 1 });
  });

  it("is the only way to the control routes", async () => {
    for (const [method, path] of [
      ["GET", "state"],
      ["POST", "accept"],
      ["POST", "pause"],
      ["POST", "stop"],
    ] as const) {
      const answer = await running.send(method, `/control/${path}`);
      expect(answer).toMatchObject({ status: 404, body: { code: "route.unknown" } });
    }
  });

  it("pauses, accepts again and stops the daemon", async () => {
    const other = await startRunning();
    const control = (path: string, body?: unknown) =>
      other.send("POST", `/control/${path}`, { privately: true, body });
    expect((await control("pause")).body).toMatchObject({ accepting: false });
    expect(other.daemon.address()).toBeNull();
    expect((await control("accept", {})).body).toMatchObject({ accepting: true });
    expect((await other.send("GET", "/")).status).toBe(200);
    expect((await control("stop", { drain: 100 })).status).toBe(202);
    await other.daemon.closed;
    expect(existsSync(other.spec.privateSocket as string)).toBe(false);
    await other.close();
  });
});
