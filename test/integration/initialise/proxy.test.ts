import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  createServer,
  request as plainRequest,
} from "node:http";
import { request as secureRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nginx, stackProxy } from "../../support/nginx.ts";
import { until } from "../../support/processes.ts";
import { renderStack } from "../../support/stack.ts";
import { freePort } from "../../support/studio.ts";

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Names as often as they were sent. */
  names: string[];
  body: Buffer;
}

describe.skipIf(nginx === null)("the stack's nginx", async () => {
  const { folder, remove } = renderStack();
  const ports = { http: await freePort(), https: await freePort() };
  const proxy = stackProxy(nginx ?? "", folder, ports);
  const seen: IncomingHttpHeaders[] = [];
  const api = createServer((request, response) => {
    seen.push(request.headers);
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("x-frame-options", "DENY");
    response.setHeader("x-request-id", "of the api");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ path: request.url, filler: "x".repeat(5000) }));
  });

  beforeAll(async () => {
    await new Promise<void>((done) => void api.listen(0, "127.0.0.1", done));
    await proxy.start();
    await until("nginx answers", async () => (await ask("https", "/").catch(() => null)) !== null);
  });
  afterAll(async () => {
    await proxy.stop();
    api.close();
    remove();
  });

  function ask(
    scheme: "http" | "https",
    path: string,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const options = {
      host: "127.0.0.1",
      port: ports[scheme],
      path,
      headers: { host: "studio.example.com", ...headers },
    };
    return new Promise((resolve, reject) => {
      const receive = (response: IncomingMessage): void => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const names = response.rawHeaders
            .filter((_, index) => index % 2 === 0)
            .map((name) => name.toLowerCase());
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            names,
            body: Buffer.concat(chunks),
          });
        });
      };
      const sent =
        scheme === "http"
          ? plainRequest({ ...options, agent: false }, receive)
          : secureRequest({ ...options, agent: false, rejectUnauthorized: false }, receive);
      sent.once("error", reject);
      sent.end();
    });
  }

  /** What a deploy writes: one colour that serves. */
  async function serve(): Promise<void> {
    const { port } = api.address() as AddressInfo;
    const inside = join(proxy.folders.configuration, "studio");
    const server = `server 127.0.0.1:${port};\n  keepalive 32;\n  keepalive_timeout 4s;`;
    writeFileSync(join(inside, "upstream.conf"), `upstream studio_api {\n  ${server}\n}\n`);
    writeFileSync(join(inside, "maintenance.conf"), "set $studio_maintenance 0;\n");
    expect(proxy.check().exitCode).toBe(0);
    proxy.reload();
    await until("nginx serves", async () => (await ask("https", "/")).status === 200);
  }

  test("takes its configuration, and has nothing to say about it", () => {
    const { exitCode, output } = proxy.check();
    expect(output).toContain("syntax is ok");
    const warnings = output.split("\n").filter((line) => line.includes("[warn]"));
    expect(warnings.filter((line) => !line.includes('"listen ... http2" directive'))).toEqual([]);
    expect(exitCode).toBe(0);
  });

  test("tells callers to come back before anything is deployed, as JSON or as a page", async () => {
    const json = await ask("https", "/v2");
    expect(json.status).toBe(503);
    expect(json.headers["retry-after"]).toBe("60");
    expect(json.headers["content-type"]).toBe("application/problem+json");
    expect(JSON.parse(json.body.toString())).toMatchObject({ status: 503, code: "maintenance" });
    const page = await ask("https", "/", { accept: "text/html,*/*" });
    expect(page.status).toBe(503);
    expect(page.headers["content-type"]).toBe("text/html");
    expect(page.names.filter((name) => name === "strict-transport-security")).toHaveLength(1);
  });

  test("sends http to https, except for an ACME challenge", async () => {
    const moved = await ask("http", "/a?b=c");
    expect(moved.status).toBe(301);
    expect(moved.headers.location).toBe("https://studio.example.com/a?b=c");
    const challenges = join(proxy.folders.acme, ".well-known/acme-challenge");
    mkdirSync(challenges, { recursive: true });
    writeFileSync(join(challenges, "token"), "answer");
    const challenge = await ask("http", "/.well-known/acme-challenge/token");
    expect([challenge.status, challenge.body.toString()]).toEqual([200, "answer"]);
    expect((await ask("http", "/.well-known/acme-challenge/none")).status).toBe(404);
  });

  test("serves after a switch, with each security header once and compressed", async () => {
    await serve();
    const answer = await ask("https", "/v2/models", {
      "accept-encoding": "gzip",
      "x-request-id": "abc-1",
    });
    expect(answer.status).toBe(200);
    expect(JSON.parse(gunzipSync(answer.body).toString())).toMatchObject({ path: "/v2/models" });
    expect(answer.headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-xss-protection": "1; mode=block",
      "strict-transport-security": "max-age=31536000",
      "content-security-policy": "default-src 'self'",
      "referrer-policy": "no-referrer",
      "x-request-id": "abc-1",
    });
    expect(answer.names.length).toBe(new Set(answer.names).size);
    expect(answer.headers.server).toBe("nginx");
  });

  test("passes on who asks, never what a caller claims about it", async () => {
    await serve();
    seen.length = 0;
    await ask("https", "/a", { "x-forwarded-for": "6.6.6.6", "x-request-id": "bad id!" });
    expect(seen[0]).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "https",
      host: "studio.example.com",
    });
    expect(seen[0]?.["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
  });

  test("keeps the metrics from the public", async () => {
    await serve();
    seen.length = 0;
    expect((await ask("https", "/metrics")).status).toBe(404);
    expect(seen).toEqual([]);
  });

  test("turns a flood away with 429, but never a health check", async () => {
    // So low that a slow machine makes a flood too.
    const file = join(proxy.folders.configuration, "rate-limit.conf");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("rate=50r/s", "rate=1r/s").replace("burst=200", "burst=5"));
    expect(readFileSync(file, "utf8")).not.toBe(text);
    await serve();
    const flood = (path: string) =>
      Promise.all(Array.from({ length: 20 }, () => ask("https", path)));
    await until("a request is turned away", async () => {
      const answers = await flood("/a");
      return answers.some(({ status }) => status === 429);
    });
    const health = await flood("/health/ready");
    expect(health.filter(({ status }) => status !== 200)).toEqual([]);
  });
});
