import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { writeEchoModel } from "./echo-model.ts";
import { endpoints, examplesOf, faultsOf } from "./published-protocol.ts";
import { type Answer, type Running, startRunning } from "./running.ts";

let running: Running;

beforeAll(async () => {
  running = await startRunning({}, async (models) => {
    // As the description's example of a request would have it.
    await writeEchoModel(models, "mymodel", [
      { name: "input0", datatype: "UINT32", dims: [2, 2] },
      { name: "input1", datatype: "BOOL", dims: ["N"] },
    ]);
  });
  await vi.waitFor(async () => {
    expect((await running.send("GET", "/v2/health/ready")).status).toBe(200);
  }, 20_000);
});

afterAll(async () => {
  await running.close();
});

type Document = Record<string, unknown>;

const first = { name: "input0", shape: [2, 2], datatype: "UINT32", parameters: {} };
const second = { name: "input1", shape: [1], datatype: "BOOL", data: [true] };
const good = {
  id: "42",
  parameters: {},
  inputs: [{ ...first, data: [1, 2, 3, 4] }, second],
  outputs: [{ name: "input0_out", parameters: {} }],
};

function named(path: string, name = "mymodel"): string {
  return path.replace("${MODEL_NAME}", name).replace("${MODEL_VERSION}", "1");
}

function send(method: string, path: string, body?: unknown): Promise<Answer> {
  return running.send(method, path, { body });
}

const infer = (body: unknown): Promise<Answer> =>
  send("POST", "/v2/models/mymodel/versions/1/infer", body);

describe("the daemon, by the published description of the Open Inference Protocol,", () => {
  it("has six operations to answer", () => {
    expect(endpoints).toHaveLength(6);
  });

  it.each(endpoints.map((endpoint) => [endpoint.method, endpoint.path, endpoint] as const))(
    "answers %s %s as its schema says",
    async (method, path, { request, answers }) => {
      if (request !== undefined) expect(faultsOf(request, good)).toEqual([]);
      const { status, headers, body } = await send(method, named(path), request && good);
      expect(status).toBe(200);
      expect(headers["content-type"]).toMatch(/^application\/json/);
      const schema = answers.get(200);
      if (schema !== undefined) expect(faultsOf(schema, body)).toEqual([]);
    },
  );

  it("tells of all of its operations in a description of its own", async () => {
    const { body } = await running.send("GET", "/openapi.json");
    const { paths } = body as { paths: Record<string, Record<string, unknown>> };
    for (const { method, path } of endpoints) {
      const own = path.replace("${MODEL_NAME}", "{name}").replace("${MODEL_VERSION}", "{version}");
      expect(paths[own === "/v2/" ? "/v2" : own], path).toHaveProperty(method.toLowerCase());
    }
  });

  it("answers a refused request with the object of errors that the description names", async () => {
    const refusals = [
      ["metadata_server_error_response", "GET", "/v2/", { host: "elsewhere.example" }],
      ["metadata_model_error_response", "GET", "/v2/models/absent", {}],
      ["inference_error_response", "POST", "/v2/models/mymodel/infer", {}],
    ] as const;
    for (const [schema, method, path, headers] of refusals) {
      const options = method === "POST" ? { body: { inputs: [] }, headers } : { headers };
      const { status, body } = await running.send(method, path, options);
      expect(status, path).toBeGreaterThanOrEqual(400);
      expect(status, path).toBeLessThan(500);
      expect(faultsOf(schema, body), path).toEqual([]);
      expect((body as { error: string }).error, path).toMatch(/\w{3}/);
    }
  });

  it("refuses every request that does not fit the schema, and answers what fits", async () => {
    const counts = new Map<string, number>();
    for (const [place, request] of variants(good)) {
      const fits = faultsOf("inference_request", request).length === 0;
      const { status, body } = await infer(request);
      const expected = fits ? [200, 400] : [400];
      const what = `${place}: ${JSON.stringify(request)}`;
      expect(expected, `${what} ${JSON.stringify(body)}`).toContain(status);
      const schema = status === 200 ? "inference_response" : "inference_error_response";
      expect(faultsOf(schema, body), what).toEqual([]);
      if (status !== 200) expect(body, what).toMatchObject({ error: expect.any(String) as string });
      const kind = `${fits ? "fits" : "does not fit"} ${status}`;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted()).toEqual(["does not fit 400", "fits 200", "fits 400"]);
    expect(counts.get("does not fit 400")).toBeGreaterThan(80);
  });
});

describe("where the description differs from the protocol's text, the daemon", () => {
  it("serves paths without a version and without a slash at the end, as the text has them", async () => {
    expect((await send("GET", "/v2")).body).toEqual((await send("GET", "/v2/")).body);
    for (const end of ["", "/ready", "/infer"]) {
      const verb = end === "/infer" ? "POST" : "GET";
      const body = end === "/infer" ? good : undefined;
      const [bare, versioned] = ["/v2/models/mymodel", "/v2/models/mymodel/versions/1"];
      const answer = await send(verb, `${bare}${end}`, body);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual((await send(verb, `${versioned}${end}`, body)).body);
    }
  });

  it("says in a body what is live and ready, of which the description has nothing", async () => {
    expect((await send("GET", "/v2/health/live")).body).toEqual({ live: true });
    expect((await send("GET", "/v2/health/ready")).body).toMatchObject({ live: true });
    const ready = { name: "mymodel", ready: true };
    expect((await send("GET", "/v2/models/mymodel/ready")).body).toEqual(ready);
  });

  it("names inputs and outputs of every model, which the description leaves open", async () => {
    const { body } = await send("GET", "/v2/models/mymodel");
    expect(body).toMatchObject({ inputs: [{}, {}], outputs: [{}, {}], versions: ["1"] });
    const bare = { name: "mymodel", platform: "onnx_onnxv1" };
    expect(faultsOf("metadata_model_response", bare)).toEqual([]);
  });

  it("answers with other errors than 400, and as the problem documents of RFC 9457", async () => {
    const { status, headers } = await send("GET", "/v2/models/absent");
    expect(status).toBe(404);
    expect(headers["content-type"]).toContain("application/problem+json");
    expect(endpoints.flatMap(({ answers }) => [...answers.keys()])).not.toContain(404);
    // Of an error in inference the description does not even require that it says one.
    expect(faultsOf("inference_error_response", {})).toEqual([]);
  });

  it("refuses dimensions below zero, which the description takes for dimensions", async () => {
    const inputs = [{ ...first, shape: [-2, -2], data: [1, 2, 3, 4] }, second];
    const request = { inputs };
    expect(faultsOf("inference_request", request)).toEqual([]);
    expect((await infer(request)).status).toBe(400);
  });

  it("takes a tensor without data whose bytes follow, an extension it does not know", async () => {
    const inputs = [{ ...first, parameters: { binary_data_size: 16 } }, second];
    expect(faultsOf("inference_request", { inputs })).not.toEqual([]);
    const { extensions } = (await send("GET", "/v2")).body as { extensions: string[] };
    expect(extensions).toContain("binary_tensor_data");
  });

  it("refuses the examples of a request: one lacks two values, the other is an answer", async () => {
    const { "Example 1": request, "Example 2": answer } = examplesOf("inference_request");
    expect(faultsOf("inference_request", request)).toEqual([]);
    expect(await infer({ ...(request as object), outputs: undefined })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/inputs/1/data" }] },
    });
    expect(faultsOf("inference_request", answer)).not.toEqual([]);
    expect((await infer(answer)).status).toBe(400);
    // Even as an answer it is none: the model's name is required there.
    expect(faultsOf("inference_response", answer)).not.toEqual([]);
  });
});

/** The document with each of its parts left out, or put in place by one of each kind of JSON. */
function variants(document: object): [string, object][] {
  const results: [string, object][] = [];
  const visit = (path: readonly (string | number)[], value: unknown): void => {
    if (path.length > 0) {
      const place = `/${path.join("/")}`;
      results.push([`${place} left out`, changed(document, path)]);
      for (const other of [null, true, 0.5, 3, "text", [], {}, [null], [[1]]]) {
        results.push([`${place} as ${JSON.stringify(other)}`, changed(document, path, other)]);
      }
    }
    if (typeof value !== "object" || value === null) return;
    for (const [key, part] of Object.entries(value)) {
      visit([...path, Array.isArray(value) ? Number(key) : key], part);
    }
  };
  visit([], document);
  return results;
}

function changed(document: object, path: readonly (string | number)[], value?: unknown): object {
  const copy = structuredClone(document);
  const owner = path.slice(0, -1).reduce((one, key) => (one as Document)[key] as object, copy);
  const last = path.at(-1) as string;
  if (value !== undefined) (owner as Document)[last] = value;
  else if (Array.isArray(owner)) owner.splice(Number(last), 1);
  else Reflect.deleteProperty(owner, last);
  return copy;
}
