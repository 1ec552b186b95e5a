import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, startRunning } from "./running.ts";

let running: Running;
let description: Description;

interface Operation {
  operationId: string;
  tags: string[];
  parameters?: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { required: boolean; content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
  security?: object[];
}

interface Description {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
}

beforeAll(async () => {
  running = await startRunning();
  const { status, body } = await running.send("GET", "/openapi.json");
  expect(status).toBe(200);
  description = body as Description;
});

afterAll(async () => {
  await running.close();
});

function operations(): { path: string; method: string; operation: Operation }[] {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}

describe("the description of the API", () => {
  it("is OpenAPI 3.1 by its key rules", () => {
    expect(description.openapi).toMatch(/^3\.1\.\d+$/);
    expect(description.info).toMatchObject({ title: "studio", version: "1.2.3" });
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, method, operation } of operations()) {
      const name = `${method} ${path}`;
      expect(path, name).toMatch(/^\/([\w.{}-]+(\/[\w.{}-]+)*)?$/);
      expect(["get", "put", "post", "delete", "patch"]).toContain(method);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, part = ""]) => part);
      const declared = (operation.parameters ?? []).filter((one) => one.in === "path");
      expect(declared.map((one) => one.name).toSorted(), name).toEqual(inPath.toSorted());
      expect(
        declared.every(({ required }) => required),
        name,
      ).toBe(true);
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(status, name).toMatch(/^([1-5]\d\d|[1-5]XX|default)$/);
        expect(response.description.length, name).toBeGreaterThan(5);
      }
      expect(Object.keys(operation.responses), name).toEqual(
        expect.arrayContaining(["4XX", "5XX"]),
      );
    }
  });

  it("holds schemas of JSON Schema 2020-12 alone", () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: "api", ...description });
    let count = 0;
    for (const { path, method, operation } of operations()) {
      const contents = [operation.requestBody, ...Object.values(operation.responses)];
      const schemas = [
        ...(operation.parameters ?? []).map(({ schema }) => schema),
        ...contents.flatMap((one) => Object.values(one?.content ?? {}).map(({ schema }) => schema)),
      ];
      for (const schema of schemas) {
        const text = JSON.stringify(schema).replaceAll('"#/', '"api#/');
        expect(() => ajv.compile(JSON.parse(text) as object), `${method} ${path}`).not.toThrow();
        count++;
      }
    }
    expect(count).toBeGreaterThan(50);
  });

  it("names every route, and none of the private socket", async () => {
    const paths = Object.keys(description.paths);
    for (const path of [
      "/",
      "/health",
      "/metrics",
      "/openapi.json",
      "/api/v1/text/process",
      "/api/v1/vector/search",
      "/v2",
      "/v2/models/{name}/infer",
      "/v2/models/{name}/versions/{version}/infer",
      "/v2/repository/models/{name}/load",
    ]) {
      expect(paths).toContain(path);
    }
    expect(paths.filter((path) => path.startsWith("/control"))).toEqual([]);
    // What is described is there: no method of a path that is named is unknown to the router.
    for (const { path, method } of operations()) {
      const url = path.replace(/\{\w+\}/g, "language");
      const answer = await running.send("OPTIONS", url);
      expect(answer.status, path).toBe(405);
      expect(answer.headers["allow"], path).toContain(method.toUpperCase());
    }
  });

  it("is true of the answers that the daemon gives", async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: "api", ...description });
    for (const path of ["/", "/health", "/api/v1/system/info", "/v2", "/v2/health/ready"]) {
      const { status, body } = await running.send("GET", path);
      const content = description.paths[path]?.["get"]?.responses[String(status)]?.content;
      const schema = content?.["application/json"]?.schema;
      expect(ajv.validate(schema as object, body), `${path} ${ajv.errorsText()}`).toBe(true);
    }
    const problem = (await running.send("GET", "/v2/models/absent")).body;
    expect(ajv.validate({ $ref: "api#/components/schemas/Problem" }, problem)).toBe(true);
  });
});

describe("the page that shows it", () => {
  it("loads everything from the daemon, and has no script or style in itself", async () => {
    const { status, headers, body } = await running.send("GET", "/docs");
    expect(status).toBe(200);
    expect(headers["content-security-policy"]).toBe("default-src 'self'; img-src 'self' data:");
    const html = body as string;
    expect(html).not.toMatch(/<style|style=|\son\w+=|<script(?! src="[\w/.-]+"><\/script>)/);
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link as string);
    expect(links).toHaveLength(4);
    for (const link of [...links, "openapi.json"]) {
      const answer = await running.send("GET", `/${link}`);
      expect(answer.status, link).toBe(200);
      expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    }
    const script = await running.send("GET", "/docs/swagger-ui-bundle.js");
    expect(script.headers["content-type"]).toContain("text/javascript");
    expect((script.body as string).length).toBeGreaterThan(500_000);
  });

  it("gives no other file", async () => {
    for (const path of ["/docs/index.html", "/docs/../package.json", "/docs/..%2fpackage.json"]) {
      expect((await running.send("GET", path)).status, path).toBe(404);
    }
  });
});
