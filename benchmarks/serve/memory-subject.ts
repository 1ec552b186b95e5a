import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeModel } from "../../src/inference/onnx/model-file.ts";
import { encoder, perceptron } from "../../test/support/network-models.ts";

interface Message {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

const width = 64;
const json = { "content-type": "application/json" };

/** A `studio serve` in a process of its own, and what is asked of it. */
export class MemorySubject {
  private readonly process: ChildProcess;
  private readonly port = 8091;
  private readonly agent = new Agent({ keepAlive: true });
  private readonly kinds: ((number: number) => Message)[];

  private constructor(folder: string) {
    const entry = join(import.meta.dirname, "../../bin/studio.js");
    const words = [entry, "serve", "--port", String(this.port)];
    this.process = spawn(process.execPath, words, { cwd: folder, stdio: "ignore" });
    // Of a hundred: 40 tensors in JSON, 40 in bytes, 15 texts, 5 texts to embed.
    this.kinds = [tensorInJson, tensorInBytes, text, embedding];
  }

  /** @param folder an empty one */
  static async start(folder: string): Promise<MemorySubject> {
    for (const [name, content] of [
      ["tiny", perceptron([width, 32, 4])],
      ["middle", encoder({ layers: 2, width: 128, heads: 4, vocabulary: 2000 })],
    ] as const) {
      mkdirSync(join(folder, "models", name, "1"), { recursive: true });
      await writeModel(join(folder, "models", name, "1/model.onnx"), content);
    }
    writeFileSync(join(folder, "studio.yaml"), "serve:\n  rateLimit: { enforced: false }\n");
    const subject = new MemorySubject(folder);
    while (!(await subject.isReady())) await sleep(100);
    return subject;
  }

  /** Bytes. */
  resident(): number {
    const kilobytes = execFileSync("ps", ["-o", "rss=", "-p", String(this.process.pid)]);
    return Number(kilobytes) * 1024;
  }

  /** Each differs from the others by its number. @throws Error when it is not answered with 200 */
  async request(number: number): Promise<void> {
    const share = number % 100;
    const kind = share < 40 ? 0 : share < 80 ? 1 : share < 95 ? 2 : 3;
    const message = this.kinds[kind]?.(number) as Message;
    const status = await this.send("POST", message);
    if (status !== 200) throw new Error(`${message.path} answered ${status}`);
  }

  /** Unloads a model and loads it again. */
  async reload(): Promise<void> {
    for (const verb of ["unload", "load"]) {
      const path = `/v2/repository/models/middle/${verb}`;
      const status = await this.send("POST", { path, headers: json, body: Buffer.from("{}") });
      if (status !== 200) throw new Error(`${path} answered ${status}`);
    }
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    this.process.kill();
    if (this.process.exitCode === null) await once(this.process, "exit");
  }

  private async isReady(): Promise<boolean> {
    if (this.process.exitCode !== null) throw new Error("studio serve ended");
    const message = { path: "/health/ready", headers: {}, body: Buffer.alloc(0) };
    return await this.send("GET", message).then(
      (status) => status === 200,
      () => false,
    );
  }

  private send(method: string, { path, headers, body }: Message): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const options = { port: this.port, agent: this.agent, method, path };
    const call = httpRequest(
      { ...options, headers: { ...headers, "content-length": body.length } },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      },
    );
    call.on("error", reject);
    call.end(body);
    return promise;
  }
}

function tensorInJson(number: number): Message {
  const data = Array.from({ length: width }, (_, at) => (at + number) % 7);
  const inputs = [{ name: "x", shape: [1, width], datatype: "FP32", data }];
  return {
    path: "/v2/models/tiny/infer",
    headers: json,
    body: Buffer.from(JSON.stringify({ inputs })),
  };
}

function tensorInBytes(number: number): Message {
  const values = Float32Array.from({ length: width }, (_, at) => (at + number) % 7);
  const parameters = { binary_data_size: values.byteLength };
  const inputs = [{ name: "x", shape: [1, width], datatype: "FP32", parameters }];
  const header = Buffer.from(JSON.stringify({ inputs, parameters: { binary_data_output: true } }));
  return {
    path: "/v2/models/tiny/infer",
    headers: {
      "content-type": "application/octet-stream",
      "inference-header-content-length": String(header.length),
    },
    body: Buffer.concat([header, Buffer.from(values.buffer)]),
  };
}

function text(number: number): Message {
  const task = number % 2 === 0 ? "statistics" : "language";
  const body = { task, text: `This is text ${number}, and it says nothing much.` };
  return { path: "/api/v1/text/process", headers: json, body: Buffer.from(JSON.stringify(body)) };
}

function embedding(number: number): Message {
  const body = { model: "embedding", input: `Sentence number ${number} of many.` };
  return { path: "/v1/embeddings", headers: json, body: Buffer.from(JSON.stringify(body)) };
}
