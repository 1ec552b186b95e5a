import { mkdir, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { findingModel } from "../../support/test-models.ts";
import { elementTypes, writeEchoModel } from "./echo-model.ts";
import { faultsOf } from "./published-protocol.ts";
import { type Answer, type Running, startRunning } from "./running.ts";

type Datatype = keyof typeof elementTypes;

let running: Running;

beforeAll(async () => {
  running = await startRunning({}, async (models) => {
    for (const datatype of Object.keys(elementTypes) as Datatype[]) {
      await writeEchoModel(models, `echo-${datatype}`, [{ name: "x", datatype, dims: ["N", "M"] }]);
    }
    await writeEchoModel(models, "scalar", [{ name: "x", datatype: "FP32", dims: [] }]);
    await writeEchoModel(models, "fixed", [{ name: "x", datatype: "INT64", dims: [3] }]);
    await mkdir(join(models, "finding", "1"), { recursive: true });
    await writeFile(join(models, "finding", "1", "model.onnx"), findingModel());
    await writeEchoModel(models, "several", [
      { name: "words", datatype: "BYTES", dims: ["N"] },
      { name: "ids", datatype: "INT64", dims: ["N", 2] },
      { name: "weights", datatype: "FP32", dims: ["N", 3] },
    ]);
  });
  await vi.waitFor(async () => {
    expect((await running.send("GET", "/v2/health/ready")).status).toBe(200);
  }, 20_000);
});

afterAll(async () => {
  await running.close();
});

interface BinaryAnswer {
  status: number;
  document: { outputs: { name: string; parameters?: { binary_data_size: number } }[] };
  tail: Buffer;
}

/** A request with bytes behind its JSON, and the answer cut where its header says. */
function sendBinary(path: string, document: object, tail: Uint8Array): Promise<BinaryAnswer> {
  const head = Buffer.from(JSON.stringify(document));
  const { host, port } = running.daemon.address() as { host: string; port: number };
  const headers = {
    "content-type": "application/octet-stream",
    "inference-header-content-length": String(head.length),
  };
  const { promise, resolve, reject } = Promise.withResolvers<BinaryAnswer>();
  const call = httpRequest(
    { host, port, path, method: "POST", headers, agent: false },
    (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const body = Buffer.concat(chunks);
        expect(Number(answer.headers["content-length"] ?? body.length)).toBe(body.length);
        const length = Number(answer.headers["inference-header-content-length"] ?? body.length);
        const json = JSON.parse(body.toString("utf8", 0, length)) as BinaryAnswer["document"];
        resolve({ status: answer.statusCode ?? 0, document: json, tail: body.subarray(length) });
      });
    },
  );
  call.on("error", reject);
  call.end(Buffer.concat([head, tail]));
  return promise;
}

const infer = (model: string, body: unknown): Promise<Answer> =>
  running.send("POST", `/v2/models/${model}/infer`, { body });

describe("server and model metadata", () => {
  it("are as the published description says", async () => {
    for (const path of ["/v2", "/v2/"]) {
      const { body } = await running.send("GET", path);
      expect(faultsOf("metadata_server_response", body)).toEqual([]);
      expect(body).toMatchObject({ name: "studio", version: "1.2.3" });
      expect((body as { extensions: string[] }).extensions).toContain("binary_tensor_data");
    }
    const { body } = await running.send("GET", "/v2/models/several");
    expect(faultsOf("metadata_model_response", body)).toEqual([]);
    expect(body).toEqual({
      name: "several",
      versions: ["1"],
      platform: "onnx_onnxv1",
      inputs: [
        { name: "words", datatype: "BYTES", shape: [-1] },
        { name: "ids", datatype: "INT64", shape: [-1, 2] },
        { name: "weights", datatype: "FP32", shape: [-1, 3] },
      ],
      outputs: [
        { name: "words_out", datatype: "BYTES", shape: [-1] },
        { name: "ids_out", datatype: "INT64", shape: [-1, 2] },
        { name: "weights_out", datatype: "FP32", shape: [-1, 3] },
      ],
    });
    expect((await running.send("GET", "/v2/models/several/versions/1")).body).toEqual(body);
  });

  it("say what is live and ready", async () => {
    expect((await running.send("GET", "/v2/health/live")).body).toEqual({ live: true });
    expect((await running.send("GET", "/v2/health/ready")).body).toEqual({
      live: true,
      ready: true,
    });
    for (const path of ["scalar", "scalar/versions/1"]) {
      const { status, body } = await running.send("GET", `/v2/models/${path}/ready`);
      expect({ status, body }).toEqual({ status: 200, body: { name: "scalar", ready: true } });
    }
  });

  it("of what is not there are a 404, and of what can be no name a 400", async () => {
    const cases: [string, number][] = [
      ["/v2/models/absent", 404],
      ["/v2/models/absent/ready", 404],
      ["/v2/models/scalar/versions/9", 404],
      ["/v2/models/..%2F..%2Fetc%2Fpasswd", 400],
      ["/v2/models/%2e%2e", 400],
      ["/v2/models/a..b", 400],
      ["/v2/models/scalar%00", 400],
      ["/v2/models/scalar/versions/..%2f1", 400],
      [`/v2/models/${"x".repeat(200)}`, 400],
      ["/v2/models/%ff", 400],
    ];
    for (const [path, status] of cases) {
      const answer = await running.send("GET", path);
      expect(answer.status, path).toBe(status);
      expect(answer.headers["content-type"]).toContain("application/problem+json");
      expect(faultsOf("metadata_model_error_response", answer.body), path).toEqual([]);
    }
    expect((await infer("absent", { inputs: [] })).status).toBe(404);
  });
});

describe("inference in JSON", () => {
  it("gives back every datatype that has a form in JSON", async () => {
    const cases: [Datatype, unknown[]][] = [
      ["BOOL", [true, false]],
      ["UINT8", [0, 255]],
      ["UINT16", [0, 65_535]],
      ["UINT32", [0, 4_294_967_295]],
      ["UINT64", [0, 9_007_199_254_740_991]],
      ["INT8", [-128, 127]],
      ["INT16", [-32_768, 32_767]],
      ["INT32", [-2_147_483_648, 2_147_483_647]],
      ["INT64", [-9_007_199_254_740_991, 5]],
      ["FP32", [0.5, "NaN"]],
      ["FP64", [0.1, "-Infinity"]],
      ["BYTES", ["grüß", ""]],
    ];
    for (const [datatype, data] of cases) {
      const inputs = [{ name: "x", datatype, shape: [1, 2], data }];
      const { status, body, headers } = await infer(`echo-${datatype}`, { id: "a-1", inputs });
      expect(status, `${datatype} ${JSON.stringify(body)}`).toBe(200);
      expect(headers["content-type"]).toContain("application/json");
      expect(faultsOf("inference_response", body), datatype).toEqual([]);
      expect(body).toEqual({
        model_name: `echo-${datatype}`,
        model_version: "1",
        id: "a-1",
        outputs: [{ name: "x_out", datatype, shape: [1, 2], data }],
      });
    }
  });

  it("serves scalars, tensors without elements, and models of fixed shape", async () => {
    const scalar = { name: "x", datatype: "FP32", shape: [], data: [2.5] };
    expect((await infer("scalar", { inputs: [scalar] })).body).toMatchObject({
      outputs: [{ shape: [], data: [2.5] }],
    });
    const hollow = { name: "x", datatype: "FP32", shape: [2, 0], data: [[], []] };
    expect((await infer("echo-FP32", { inputs: [hollow] })).body).toMatchObject({
      outputs: [{ shape: [2, 0], data: [] }],
    });
    const fixed = { name: "x", datatype: "INT64", shape: [3], data: [1, 2, 3] };
    expect((await infer("fixed", { inputs: [fixed] })).body).toMatchObject({
      outputs: [{ data: [1, 2, 3] }],
    });
  });

  it("refuses what the model does not take, in a problem that the protocol's clients read", async () => {
    const inputs = [{ name: "x", datatype: "FP32", shape: [1, 2], data: [1] }];
    const { status, body } = await infer("echo-FP32", { inputs });
    expect(status).toBe(400);
    expect(faultsOf("inference_error_response", body)).toEqual([]);
    expect(body).toMatchObject({
      code: "inference.input",
      error: expect.stringContaining("2 elements") as string,
      errors: [{ pointer: "/inputs/0/data", in: "body" }],
    });
    expect((await infer("echo-FP16", { inputs: [] })).status).toBe(400);
    expect((await running.send("POST", "/v2/models/scalar/infer")).status).toBe(400);
  });

  it("is of the version that the path names", async () => {
    const inputs = [{ name: "x", datatype: "FP32", shape: [], data: [1] }];
    const path = "/v2/models/scalar/versions/1/infer";
    const { body } = await running.send("POST", path, { body: { inputs } });
    expect(body).toMatchObject({ model_name: "scalar", model_version: "1" });
  });

  it("is not computed once its caller went away", async () => {
    const { host, port } = running.daemon.address() as { host: string; port: number };
    const wide = Array<number>(9000).fill(0.5);
    const inputs = [{ name: "x", datatype: "FP64", shape: [1, wide.length], data: wide }];
    const body = JSON.stringify({ inputs });
    const path = "/v2/models/echo-FP64/infer";
    const headers = { "content-type": "application/json" };
    const calls = Array.from({ length: 40 }, () => {
      const call = httpRequest({ host, port, path, method: "POST", headers, agent: false });
      call.on("error", () => undefined);
      call.end(body, () => setTimeout(() => call.destroy(), Math.random() * 20));
      return call;
    });
    await Promise.all(calls.map((call) => new Promise((resolve) => call.once("close", resolve))));
    await vi.waitFor(async () => {
      expect(running.daemon.state().inFlight).toBe(0);
      const text = (await running.send("GET", "/metrics")).body as string;
      expect(text).toMatch(/^studio_inference_pending_request_count\{model="echo-FP64".*\} 0$/m);
    }, 10_000);
    expect(running.log.filter(({ level }) => (level as number) >= 50)).toEqual([]);
  });

  it("is put off by its own time-out", async () => {
    const inputs = [{ name: "x", datatype: "FP32", shape: [], data: [1] }];
    const { status, body } = await infer("scalar", { inputs, parameters: { timeout: 1 } });
    expect([200, 504]).toContain(status);
    if (status === 504) expect(body).toMatchObject({ code: "inference.deadline" });
  });
});

describe("inference with binary tensors", () => {
  it("describes each answer as it is, where the same words ask for what differs", async () => {
    const size = { binary_data_size: 16 };
    const document = {
      parameters: { binary_data_output: true },
      inputs: [{ name: "x", datatype: "FP32", shape: [4], parameters: size }],
    };
    for (const numbers of [
      [0, 1, 0, 0],
      [1, 1, 0, 1],
      [0, 0, 0, 0],
      [0, 1, 0, 0],
    ]) {
      const places = numbers.flatMap((value, place) => (value === 0 ? [] : [place]));
      const tail = Buffer.from(Float32Array.from(numbers).buffer);
      const answer = await sendBinary("/v2/models/finding/infer", document, tail);
      const bytes = { binary_data_size: places.length * 8 };
      expect(answer.document.outputs).toMatchObject([
        { name: "places", shape: [1, places.length], parameters: bytes },
      ]);
      const found = Array.from(places, (_, index) => Number(answer.tail.readBigInt64LE(index * 8)));
      expect(found).toEqual(places);
    }
  });

  it("gives back the bytes of every datatype", async () => {
    for (const datatype of Object.keys(elementTypes) as Datatype[]) {
      const word = Buffer.from("\x03\0\0\0abc\x02\0\0\0ü");
      const bits = Buffer.from(Float64Array.of(1.5, -0).buffer);
      const flags = Buffer.from([1, 0]);
      const tail = datatype === "BYTES" ? word : datatype === "BOOL" ? flags : bits;
      const columns =
        datatype === "BYTES" || datatype === "BOOL" ? 2 : tail.length / sizeOf(datatype);
      const document = {
        parameters: { binary_data_output: true },
        inputs: [
          {
            name: "x",
            datatype,
            shape: [1, columns],
            parameters: { binary_data_size: tail.length },
          },
        ],
      };
      const answer = await sendBinary(`/v2/models/echo-${datatype}/infer`, document, tail);
      expect(answer.status, `${datatype} ${JSON.stringify(answer.document)}`).toBe(200);
      expect(answer.tail.equals(tail), datatype).toBe(true);
      expect(answer.document.outputs).toEqual([
        {
          name: "x_out",
          datatype,
          shape: [1, columns],
          parameters: { binary_data_size: tail.length },
        },
      ]);
    }
  });

  it("mixes JSON and bytes both ways, outputs in the order asked for", async () => {
    const ids = Buffer.from(BigInt64Array.of(1n, 2n, 3n, 2n ** 62n).buffer);
    const weights = Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
    const document = {
      id: "mixed",
      inputs: [
        { name: "weights", datatype: "FP32", shape: [2, 3], parameters: { binary_data_size: 24 } },
        { name: "words", datatype: "BYTES", shape: [2], data: ["one", "two"] },
        { name: "ids", datatype: "INT64", shape: [2, 2], parameters: { binary_data_size: 32 } },
      ],
      outputs: [
        { name: "ids_out", parameters: { binary_data: true } },
        { name: "weights_out" },
        { name: "words_out", parameters: { binary_data: true } },
      ],
    };
    const tail = Buffer.concat([weights, ids]);
    const answer = await sendBinary("/v2/models/several/infer", document, tail);
    expect(answer.status).toBe(200);
    expect(answer.document.outputs).toMatchObject([
      { name: "ids_out", parameters: { binary_data_size: 32 } },
      { name: "weights_out", data: [1, 2, 3, 4, 5, 6] },
      { name: "words_out", parameters: { binary_data_size: 14 } },
    ]);
    expect(answer.tail.subarray(0, 32).equals(ids)).toBe(true);
    expect(answer.tail.toString("latin1", 32)).toBe("\x03\0\0\0one\x03\0\0\0two");
  });

  it("carries large answers whole", async () => {
    const values = Float32Array.from({ length: 20_000 }, (_, index) => index / 7);
    const tail = Buffer.from(values.buffer);
    const document = {
      parameters: { binary_data_output: true },
      inputs: [
        { name: "x", datatype: "FP32", shape: [4, 5000], parameters: { binary_data_size: 80_000 } },
      ],
    };
    const answer = await sendBinary("/v2/models/echo-FP32/infer", document, tail);
    expect(answer.status).toBe(200);
    expect(answer.tail.equals(tail)).toBe(true);
  });

  it("is the only way for FP16", async () => {
    const inputs = [
      { name: "x", datatype: "FP16", shape: [1, 1], parameters: { binary_data_size: 2 } },
    ];
    const asked = { inputs };
    const answer = await sendBinary("/v2/models/echo-FP16/infer", asked, Buffer.from([0, 0x3c]));
    expect(answer.status).toBe(400);
    expect(answer.document).toMatchObject({
      hint: expect.stringContaining("binary_data") as string,
    });
  });
});

describe("the model repository", () => {
  it("lists, lets go and loads again", async () => {
    type Entry = { name: string; state: string };
    const index = async (body?: unknown): Promise<Entry[]> =>
      (await running.send("POST", "/v2/repository/index", { body })).body as Entry[];
    const stateOf = async (): Promise<string | undefined> =>
      (await index()).find(({ name }) => name === "fixed")?.state;
    expect(await stateOf()).toBe("READY");
    const change = (verb: string, name = "fixed"): Promise<Answer> =>
      running.send("POST", `/v2/repository/models/${name}/${verb}`);
    expect((await change("unload")).status).toBe(200);
    expect(await stateOf()).toBe("UNAVAILABLE");
    expect((await index({ ready: true })).map(({ name }) => name)).not.toContain("fixed");
    const fixed = { inputs: [{ name: "x", datatype: "INT64", shape: [3], data: [1, 2, 3] }] };
    expect((await infer("fixed", fixed)).status).toBeGreaterThanOrEqual(404);
    expect((await change("load")).status).toBe(200);
    await vi.waitFor(async () => expect((await infer("fixed", fixed)).status).toBe(200), 10_000);
    expect((await change("load", "absent")).status).toBe(404);
    expect((await change("unload", "..%2f..")).status).toBe(400);
  });
});

describe("metrics", () => {
  it("have Triton's names, per model and version", async () => {
    const text = (await running.send("GET", "/metrics")).body as string;
    const at = '\\{model="several",version="1"';
    for (const line of [
      `studio_inference_request_success${at}\\} \\d+`,
      `studio_inference_count${at}\\} 2`,
      `studio_inference_exec_count${at}\\} 1`,
      `studio_inference_pending_request_count${at}\\} 0`,
      `studio_inference_queue_duration_seconds_count${at}\\} \\d+`,
      `studio_inference_compute_infer_duration_seconds_count${at}\\} 1`,
      `studio_inference_request_duration_seconds_count${at}\\} 1`,
      'studio_inference_batch_size_bucket\\{le="2",model="several",version="1"\\} 1',
      'studio_errors_total\\{category="validation"\\} \\d+',
      'studio_errors_total\\{category="not_found"\\} \\d+',
      "nodejs_eventloop_lag_p99_seconds \\d",
    ]) {
      expect(text).toMatch(new RegExp(`^${line}`, "m"));
    }
  });
});

function sizeOf(datatype: Datatype): number {
  const bits = /\d+$/.exec(datatype)?.[0];
  return Number(bits) / 8;
}
