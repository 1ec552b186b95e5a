import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { connectDatabase } from "../../../src/database/connect.ts";
import { createKey } from "../../../src/keys/api-key.ts";
import { KeyStore } from "../../../src/keys/key-store.ts";
import type { Role } from "../../../src/keys/role.ts";
import type { DaemonSpec } from "../../../src/server/daemon.ts";
import { securityHeaders } from "../../../src/server/headers.ts";
import { type Running, serveWith, startRunning } from "./running.ts";

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(changes: Partial<DaemonSpec> = {}): Promise<Running> {
  const running = await startRunning(changes);
  closing.push(() => running.close());
  return running;
}

/** Keys of a running daemon's database, as another process makes them. */
async function keysOf({ spec }: Running): Promise<KeyStore> {
  const connection = await connectDatabase(spec.database);
  closing.push(() => connection.destroy());
  return new KeyStore(connection);
}

async function addKey(store: KeyStore, role: Role, expiresAt: string | null = null) {
  const { id, key, hash } = createKey();
  const createdAt = new Date().toISOString();
  await store.put({ id, name: role, role, hash, createdAt, expiresAt, replaces: null });
  return { id, key };
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const textPath = "/api/v1/text/process";
const question = { task: "language", text: "what is this" };
const required = serveWith({ auth: { required: true, attempts: 3, lockout: 3_600_000 } });
const codeOf = (body: unknown) => (body as { code: string }).code;

describe("a key in the database", () => {
  it("works from the moment it is there, until at most two seconds after it is revoked", async () => {
    const running = await start({ serve: required });
    const store = await keysOf(running);
    const { id, key } = await addKey(store, "operator");
    const ask = () => running.send("POST", textPath, { body: question, headers: bearer(key) });
    expect((await ask()).status).toBe(200);
    await store.revoke(id, new Date().toISOString());
    await sleep(2000);
    const { status, body } = await ask();
    expect([status, codeOf(body)]).toEqual([401, "auth.revoked"]);
    await vi.waitFor(async () => expect((await store.find(id))?.lastUsedAt).not.toBeNull());
  });

  it("may do what its role may", async () => {
    const running = await start({ serve: required });
    const store = await keysOf(running);
    const collection = "/api/v1/vector/collections/test";
    const attempts: [string, string, unknown][] = [
      ["GET", "/metrics", undefined],
      ["GET", "/api/v1/system/info", undefined],
      ["POST", textPath, question],
      ["PUT", collection, { dimension: 2 }],
      ["POST", "/v2/repository/models/language/load", undefined],
      ["POST", "/api/v1/optimize/performance", { models: ["language"], seconds: 0.1, apply: true }],
    ];
    const expected = {
      viewer: [200, 200, 403, 403, 403, 403],
      operator: [200, 200, 200, 201, 403, 403],
      admin: [200, 200, 200, 200, 200, 200],
    };
    for (const role of ["viewer", "operator", "admin"] as const) {
      const { key } = await addKey(store, role);
      const statuses: number[] = [];
      for (const [method, path, body] of attempts) {
        statuses.push((await running.send(method, path, { body, headers: bearer(key) })).status);
      }
      expect(statuses, role).toEqual(expected[role]);
    }
    const { body } = await running.send("GET", "/metrics", { privately: true });
    expect(body).toContain('studio_requests_refused_total{reason="auth.role"} 5');
  });

  it("expires", async () => {
    const running = await start({ serve: required });
    const { key } = await addKey(await keysOf(running), "viewer", "2026-01-01T00:00:00.000Z");
    const { status, body } = await running.send("GET", "/metrics", { headers: bearer(key) });
    expect([status, codeOf(body)]).toEqual([401, "auth.expired"]);
  });

  it("is in no line of the log and in no answer; its id is", async () => {
    const running = await start({ serve: required });
    const { id, key } = await addKey(await keysOf(running), "viewer");
    const answers = [
      await running.send("GET", "/metrics", { headers: bearer(key) }),
      await running.send("GET", "/metrics", { headers: bearer(`${key}x`) }),
      await running.send("GET", `/${key.slice(-20)}`, { headers: bearer(key) }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 404]);
    const log = JSON.stringify(running.log);
    expect(log).not.toContain(key);
    expect(log).toContain(id);
    expect(JSON.stringify(answers.slice(0, 2))).not.toContain(key.slice(-43));
  });
});

describe("wrong keys", () => {
  it("lock their address out after the third, right keys included, and no other address", async () => {
    const serve = { ...required, trustedProxies: ["127.0.0.1"] };
    const running = await start({ serve, keys: ["the-right-one"] });
    const from = (address: string, key: string) =>
      running.send("GET", "/metrics", {
        headers: { ...bearer(key), "x-forwarded-for": `6.6.6.6, ${address}` },
      });
    for (let n = 0; n < 3; n++) expect((await from("203.0.113.1", `wrong-${n}`)).status).toBe(401);
    const locked = await from("203.0.113.1", "the-right-one");
    expect([locked.status, codeOf(locked.body)]).toEqual([429, "auth.locked"]);
    expect(Number(locked.headers["retry-after"])).toBeGreaterThan(3500);
    expect((await from("203.0.113.2", "the-right-one")).status).toBe(200);
    const health = await running.send("GET", "/health/ready", {
      headers: { "x-forwarded-for": "203.0.113.1" },
    });
    expect(health.status).toBe(200);
    const metrics = (await running.send("GET", "/metrics", { privately: true })).body;
    expect(metrics).toContain("studio_address_lockouts_total 1");
    expect(metrics).toContain("studio_addresses_locked 1");
  });

  it("are not counted for what a caller only says to be its address", async () => {
    const running = await start({ keys: ["the-right-one"] });
    for (let n = 0; n < 3; n++) {
      const headers = { ...bearer(`wrong-${n}`), "x-forwarded-for": `203.0.113.${n}` };
      await running.send("GET", "/metrics", { headers });
    }
    const { status } = await running.send("GET", "/metrics", { headers: bearer("the-right-one") });
    expect(status).toBe(429);
  });

  it("are none where no key was sent", async () => {
    const running = await start({ keys: ["the-right-one"] });
    for (let n = 0; n < 9; n++) expect((await running.send("GET", "/metrics")).status).toBe(401);
    const { status } = await running.send("GET", "/metrics", { headers: bearer("the-right-one") });
    expect(status).toBe(200);
  });
});

describe("limits", () => {
  const rateLimit = {
    enforced: true,
    default: [
      { requests: 4, window: 60_000 },
      { requests: 1000, window: 3_600_000 },
    ],
    routes: { [`POST ${textPath}`]: [{ requests: 2, window: 600_000 }] },
    burst: null,
  };

  it("say with every answer what is left, and when more is allowed", async () => {
    const running = await start({ serve: serveWith({ rateLimit }) });
    const left: unknown[] = [];
    for (let n = 0; n < 5; n++) {
      const { status, headers } = await running.send("GET", "/");
      left.push([status, headers["ratelimit-limit"], headers["ratelimit-remaining"]]);
    }
    expect(left).toEqual([
      [200, "4", "3"],
      [200, "4", "2"],
      [200, "4", "1"],
      [200, "4", "0"],
      [429, "4", "0"],
    ]);
    const { headers, body } = await running.send("GET", "/nowhere");
    expect(codeOf(body)).toBe("rate_limit.exceeded");
    expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    expect(Number(headers["retry-after"])).toBeLessThanOrEqual(15);
    expect(Number(headers["ratelimit-reset"])).toBeLessThanOrEqual(60);
  });

  it("are counted alone for a route that has its own", async () => {
    const running = await start({ serve: serveWith({ rateLimit }) });
    const statuses: number[] = [];
    for (let n = 0; n < 3; n++) {
      statuses.push((await running.send("POST", textPath, { body: question })).status);
    }
    expect(statuses).toEqual([200, 200, 429]);
    expect((await running.send("GET", "/")).headers["ratelimit-remaining"]).toBe("3");
  });

  it("are counted for each key, and hold on loopback only where that is said", async () => {
    const running = await start({
      serve: serveWith({ rateLimit: { ...rateLimit, enforced: "auto" } }),
      keys: ["one", "two"],
    });
    for (let n = 0; n < 4; n++) await running.send("GET", "/metrics", { headers: bearer("one") });
    const statusWith = async (key: string) =>
      (await running.send("GET", "/metrics", { headers: bearer(key) })).status;
    expect([await statusWith("one"), await statusWith("two")]).toEqual([429, 200]);
    const open = await start({
      serve: serveWith({ rateLimit: { ...rateLimit, enforced: "auto" } }),
    });
    for (let n = 0; n < 8; n++) expect((await open.send("GET", "/")).status).toBe(200);
  });

  it("hold neither for health nor on the private socket", async () => {
    const running = await start({ serve: serveWith({ rateLimit }) });
    for (let n = 0; n < 8; n++) {
      expect((await running.send("GET", "/health/live")).status).toBe(200);
      expect((await running.send("GET", "/", { privately: true })).status).toBe(200);
    }
  });
});

describe("a page in a browser", () => {
  it("cannot reach a daemon on loopback under a name of its own", async () => {
    const running = await start();
    const { port } = running.daemon.address() ?? { port: 0 };
    const asked = async (headers: Record<string, string>) =>
      (await running.send("POST", textPath, { body: question, headers })).status;
    expect(await asked({ host: `localhost:${port}` })).toBe(200);
    expect(await asked({ host: `rebound.example:${port}` })).toBe(403);
    expect(await asked({ host: `localhost:${port}`, origin: "http://evil.example" })).toBe(403);
    expect(await asked({ host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(
      200,
    );
  });

  it("of a configured origin may ask before it sends, and read the answer", async () => {
    const origin = "https://app.example.com";
    const running = await start({
      serve: serveWith({ cors: { origins: [origin] } }),
      keys: ["the-key"],
    });
    const preflight = await running.send("OPTIONS", textPath, {
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-headers": "authorization,content-type",
    });
    const headers = { origin, ...bearer("the-key") };
    const answer = await running.send("POST", textPath, { body: question, headers });
    expect(answer.headers["access-control-allow-origin"]).toBe(origin);
    const refused = await running.send("GET", "/metrics", { headers: { origin } });
    expect([refused.status, refused.headers["access-control-allow-origin"]]).toEqual([401, origin]);
    const other = { origin: "https://evil.example", ...bearer("the-key") };
    const foreign = await running.send("GET", "/metrics", { headers: other });
    expect(foreign.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("of any origin is told of none where none is configured", async () => {
    const running = await start({ keys: ["the-key"] });
    const headers = { ...bearer("the-key") };
    const answer = await running.send("GET", "/metrics", { headers });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-"))).toEqual([]);
  });
});

describe("every answer", () => {
  it("carries the security headers: errors, unknown paths, the maintenance page", async () => {
    const running = await start({ keys: ["the-key"] });
    const answers = [
      await running.send("GET", "/"),
      await running.send("GET", "/metrics"),
      await running.send("GET", "/nowhere"),
      await running.send("GET", "/", { headers: { host: "evil.example" } }),
      await running.send("POST", textPath, { headers: bearer("the-key"), body: { task: "x" } }),
    ];
    running.daemon.maintain(true);
    answers.push(await running.send("GET", "/metrics"));
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 401, 403, 400, 503]);
    for (const { headers } of answers) expect(headers).toMatchObject(securityHeaders);
  });

  it("that is long text is sent as gzip to who takes it; health is not, and short ones are not", async () => {
    const running = await start();
    const { host, port } = running.daemon.address() ?? {};
    const ask = (path: string) =>
      new Promise<{ encoding: string | undefined; body: Buffer }>((resolve, reject) => {
        const headers = { "accept-encoding": "gzip, br" };
        httpRequest({ host, port, path, headers, agent: false }, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () => {
            resolve({
              encoding: response.headers["content-encoding"],
              body: Buffer.concat(chunks),
            });
          });
        })
          .on("error", reject)
          .end();
      });
    const metrics = await ask("/metrics");
    expect(metrics.encoding).toBe("gzip");
    expect(gunzipSync(metrics.body).toString()).toContain("studio_requests_total");
    expect((await ask("/health")).encoding).toBeUndefined();
    expect((await ask("/")).encoding).toBeUndefined();
  });
});

describe("a caller that misbehaves below HTTP", () => {
  const limits = { ...serveWith({}).limits, headers: 4096, headerCount: 20, connections: 3 };

  /** Sends bytes on a connection of its own; resolves with what came back before it was closed. */
  function exchange({ daemon }: Running, bytes: string): Promise<string> {
    const { host, port } = daemon.address() ?? { host: "", port: 0 };
    return new Promise((resolve, reject) => {
      let answer = "";
      const socket = connect(port, host, () => socket.write(bytes));
      socket.on("data", (chunk) => (answer += String(chunk)));
      socket.on("close", () => resolve(answer));
      socket.on("error", reject);
    });
  }

  it("with headers that are too large or too many is told so, and the next is answered", async () => {
    const running = await start({ serve: serveWith({ limits }) });
    const head = "GET / HTTP/1.1\r\nhost: localhost\r\n";
    const large = await exchange(running, `${head}x: ${"a".repeat(8000)}\r\n\r\n`);
    const many = await exchange(running, `${head}${"x: a\r\n".repeat(30)}\r\n`);
    const broken = await exchange(running, "what is this\r\n\r\n");
    for (const [answer, status] of [
      [large, 431],
      [many, 431],
      [broken, 400],
    ] as const) {
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(answer.toLowerCase()).toContain("x-content-type-options: nosniff");
      expect(answer).toMatch(/"code":"request\.[a-z_]+"/);
    }
    expect((await running.send("GET", "/")).status).toBe(200);
  });

  it("with more connections than allowed gets none, and those that are open are served", async () => {
    const running = await start({ serve: serveWith({ limits }) });
    const { host, port } = running.daemon.address() ?? { host: "", port: 0 };
    const held = Array.from({ length: 3 }, () => connect(port, host));
    closing.push(async () => held.forEach((socket) => socket.destroy()));
    await vi.waitFor(() => expect(running.daemon.state().connections).toBe(3), 10_000);
    expect(
      await exchange(running, "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").catch(() => ""),
    ).toBe("");
    const answer = new Promise((resolve) => held[0]?.once("data", resolve));
    held[0]?.write("GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n");
    expect(String(await answer)).toMatch(/^HTTP\/1.1 200/);
  });

  it("that sends its request for ever is cut off", async () => {
    const running = await start({ serve: serveWith({ timeout: 1000 }) });
    const answer = await exchange(running, "GET / HTTP/1.1\r\nhost: loc");
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain("request.slow");
  });
});
