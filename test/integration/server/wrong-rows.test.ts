import { mkdir, writeFile } from "node:fs/promises";
import { Agent, request as httpRequest } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { rounds, timeLimit } from "../../support/every.ts";
import { type Random, randomFrom } from "../../support/random.ts";
import { type OpenSession, openSession } from "../../unit/inference/open-model.ts";
import { classifierModel } from "../../unit/inference/onnx-file.ts";
import { writeEchoModel } from "./echo-model.ts";
import { type Running, serveWith, startRunning } from "./running.ts";

const width = 8;
const classes = 5;
const calls = rounds(3000, 100_000);

let running: Running;
let session: OpenSession;
const agent = new Agent({ keepAlive: true, maxSockets: 24 });

beforeAll(async () => {
  const { limits } = serveWith({});
  const serve = serveWith({ limits: { ...limits, body: 1_000_000 } });
  running = await startRunning({ serve }, async (models) => {
    await writeEchoModel(models, "echo", [
      { name: "x", datatype: "FP32", dims: ["N", width] },
      { name: "id", datatype: "INT64", dims: ["N"] },
      { name: "word", datatype: "BYTES", dims: ["N"] },
    ]);
    const weights = new Float32Array(width * classes).map((_, index) => Math.sin(index * 0.7));
    await mkdir(join(models, "classifier", "1"), { recursive: true });
    const file = join(models, "classifier", "1", "model.onnx");
    await writeFile(file, classifierModel({ width, classes, weights }));
  });
  session = await openSession(join(running.folder, "models", "classifier", "1", "model.onnx"));
  await vi.waitFor(async () => {
    expect((await running.send("GET", "/v2/health/ready")).status).toBe(200);
  }, 20_000);
}, 60_000);

afterAll(async () => {
  agent.destroy();
  await session.release();
  await running.close();
});

interface Tensor {
  name: string;
  datatype: string;
  shape: number[];
  data?: unknown[];
  parameters?: { binary_data_size: number };
}

interface Values {
  x: Float32Array;
  id: bigint[];
  word: string[];
}

/** What belongs to no other call. */
function valuesOf(call: number, rows: number): Values {
  return {
    x: Float32Array.from({ length: rows * width }, (_, index) => Math.cos(call * 31 + index)),
    id: Array.from({ length: rows }, (_, row) => BigInt(call) * 1000n + BigInt(row)),
    word: Array.from({ length: rows }, (_, row) => `call ${call}, row ${row} ✓`),
  };
}

const bytesOf: Record<string, (values: Values) => Buffer> = {
  x: ({ x }) => Buffer.from(x.buffer),
  id: ({ id }) => Buffer.from(BigInt64Array.from(id).buffer),
  word: ({ word }) =>
    Buffer.concat(
      word.flatMap((text) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(Buffer.byteLength(text));
        return [length, Buffer.from(text)];
      }),
    ),
};

interface Sent {
  status: number;
  outputs: Map<string, { shape: number[]; data: unknown }>;
}

/** Each input in JSON or as bytes, and each output, as chance has it. */
function send(model: string, values: Values, random: Random, leave: boolean): Promise<Sent | null> {
  const rows = values.id.length;
  const tail: Buffer[] = [];
  const names = model === "echo" ? ["x", "id", "word"] : ["x"];
  const inputs = names.map((name): Tensor => {
    const shape = name === "x" ? [rows, width] : [rows];
    const datatype = { x: "FP32", id: "INT64", word: "BYTES" }[name] ?? "";
    const tensor = { name: model === "echo" ? name : "features", datatype, shape };
    if (random.below(2) === 0) {
      const bytes = bytesOf[name]?.(values) ?? Buffer.alloc(0);
      tail.push(bytes);
      return { ...tensor, parameters: { binary_data_size: bytes.length } };
    }
    const data = { x: [...values.x], id: values.id.map(Number), word: values.word }[name];
    return { ...tensor, data: data ?? [] };
  });
  const outputNames = model === "echo" ? names.map((name) => `${name}_out`) : ["probabilities"];
  const outputs = outputNames.map((name) => {
    return { name, parameters: { binary_data: random.below(2) === 0 } };
  });
  const head = Buffer.from(JSON.stringify({ inputs, outputs }));
  const headers = {
    "content-type": "application/octet-stream",
    "inference-header-content-length": String(head.length),
    priority: `u=${random.below(8)}`,
  };
  const { host, port } = running.daemon.address() as { host: string; port: number };
  const path = `/v2/models/${model}/infer`;
  return new Promise((resolve, reject) => {
    const call = httpRequest({ host, port, path, method: "POST", headers, agent }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("error", () => resolve(null));
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const length = Number(answer.headers["inference-header-content-length"] ?? Infinity);
        resolve({ status: answer.statusCode ?? 0, outputs: read(Buffer.concat(chunks), length) });
      });
    });
    call.on("error", (error) => (leave ? resolve(null) : reject(error)));
    call.end(Buffer.concat([head, ...tail]));
    if (leave) setTimeout(() => call.destroy(), random.below(4));
  });
}

function read(body: Buffer, headLength: number): Sent["outputs"] {
  const end = Math.min(headLength, body.length);
  const { outputs = [] } = JSON.parse(body.toString("utf8", 0, end)) as { outputs?: Tensor[] };
  let at = end;
  const found: Sent["outputs"] = new Map();
  for (const { name, shape, data, parameters } of outputs) {
    const size = parameters?.binary_data_size;
    found.set(name, { shape, data: size === undefined ? data : body.subarray(at, at + size) });
    at += size ?? 0;
  }
  return found;
}

/** The same bits, whether they came as bytes or in JSON. */
function isSame(given: unknown, name: string, values: Values): boolean {
  if (Buffer.isBuffer(given)) return given.equals(bytesOf[name]?.(values) ?? Buffer.alloc(1));
  const list = given as unknown[];
  if (name === "word") return list.join("\n") === values.word.join("\n");
  if (name === "id") return list.join() === values.id.join();
  return list.length === values.x.length && list.every((one, at) => one === values.x[at]);
}

async function isAnswer(model: string, values: Values, { outputs }: Sent): Promise<boolean> {
  const rows = values.id.length;
  if (model === "echo") {
    return ["x", "id", "word"].every((name) => {
      const { shape, data } = outputs.get(`${name}_out`) ?? { shape: [], data: null };
      return shape[0] === rows && data !== null && isSame(data, name, values);
    });
  }
  const feeds = { features: { type: "float32" as const, dims: [rows, width], data: values.x } };
  const { probabilities } = await session.run(feeds);
  const expected = probabilities?.data as Float32Array;
  const { data } = outputs.get("probabilities") ?? { data: [] };
  const list = Buffer.isBuffer(data)
    ? Array.from(expected, (_, at) => data.readFloatLE(at * 4))
    : (data as number[]);
  return (
    list.length === expected.length &&
    list.every((one, at) => Math.abs(one - (expected[at] ?? Infinity)) <= 1e-5)
  );
}

test(
  `none of ${calls} mixed calls over HTTP gets a row of another, or a bit that was not sent`,
  async () => {
    const random = randomFrom(17);
    const tally = { right: 0, wrong: 0, left: 0 };
    let started = 0;
    const caller = async (): Promise<void> => {
      while (started < calls) {
        const number = started++;
        const model = random.pick(["echo", "classifier"]);
        const values = valuesOf(number, 1 + (random.below(30) === 0 ? 40 : random.below(4)));
        const sent = await send(model, values, random, random.below(20) === 0);
        if (sent === null) tally.left += 1;
        else if (sent.status === 200 && (await isAnswer(model, values, sent))) tally.right += 1;
        else tally.wrong += 1;
      }
    };
    await Promise.all(Array.from({ length: 24 }, caller));
    expect(tally.wrong).toBe(0);
    expect(tally.left).toBeGreaterThan(0);
    expect(tally.right).toBeGreaterThan(calls * 0.9);
    await vi.waitFor(() => expect(running.daemon.state().inFlight).toBe(0), 10_000);
  },
  timeLimit(120_000),
);

test("the answer to a call by itself is that of session.run, bit for bit", async () => {
  const random = randomFrom(3);
  for (let number = 0; number < 100; number += 1) {
    const rows = 1 + (number % 9);
    const values = valuesOf(number, rows);
    const sent = await send("classifier", values, random, false);
    const feeds = { features: { type: "float32" as const, dims: [rows, width], data: values.x } };
    const { probabilities } = await session.run(feeds);
    const expected = probabilities?.data as Float32Array;
    const data = sent?.outputs.get("probabilities")?.data;
    if (Buffer.isBuffer(data)) expect(data.equals(Buffer.from(expected.buffer))).toBe(true);
    // JSON carries the shortest number that is read back as the same float32.
    else expect(Float32Array.from(data as number[])).toEqual(Float32Array.from(expected));
  }
});
