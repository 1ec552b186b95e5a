import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import {
  type InferBody,
  readInferBody,
} from "../../../../src/server/inference-protocol/infer-body.ts";
import { readInferRequest } from "../../../../src/server/inference-protocol/infer-request.ts";
import { RequestError } from "../../../../src/server/request-error.ts";

const values = Float64Array.from({ length: 1000 }, (_, index) => index / 3);
const model = {
  inputs: [{ name: "x", type: "float64", dims: ["N"] }],
  outputs: [],
};

/** A request whose body comes in parts of that many bytes, each in memory of its own. */
function arriving(bytes: Buffer, size: number, headers: Record<string, string>): IncomingMessage {
  const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    Buffer.from(new Uint8Array(bytes.subarray(index * size, (index + 1) * size)).buffer),
  );
  return Object.assign(Readable.from(parts), { headers }) as unknown as IncomingMessage;
}

function bodyOf(pad: number): { bytes: Buffer; headers: Record<string, string> } {
  const parameters = { binary_data_size: values.byteLength };
  const input = { name: "x", datatype: "FP64", shape: [values.length], parameters };
  const head = Buffer.from(JSON.stringify({ inputs: [input] }) + " ".repeat(pad));
  const headers = { "inference-header-content-length": String(head.length) };
  return { bytes: Buffer.concat([head, Buffer.from(values.buffer)]), headers };
}

describe("a body with binary tensors", () => {
  it("is in memory once, its first tensor being a view of it, however it arrives", async () => {
    for (let pad = 0; pad < 8; pad++) {
      const { bytes, headers } = bodyOf(pad);
      for (const size of [1, 7, 1024, 5000, bytes.length]) {
        const body = await readInferBody(arriving(bytes, size, headers), 100_000);
        const header = Number(headers["inference-header-content-length"]);
        expect(body.text).toBe(bytes.toString("utf8", 0, header));
        expect(body.bytes.equals(bytes.subarray(header))).toBe(true);
        const data = readInferRequest(body, model).feeds["x"]?.data as Float64Array;
        expect(data, `${pad} ${size}`).toEqual(values);
        expect(data.buffer, `${pad} ${size}`).toBe(body.bytes.buffer);
      }
    }
  });

  it("harms no other on its connection, and gives its memory back", async () => {
    const read: { data: Float64Array; body: InferBody }[] = [];
    const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const body = await readInferBody(request, 100_000);
      const data = readInferRequest(body, model).feeds["x"]?.data as Float64Array;
      read.push({ data, body });
      response.end();
    };
    const server = createServer((request, response) => void take(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const requests = Array.from({ length: 16 }, (_, index) => {
      const { bytes, headers } = bodyOf(index % 8);
      const lines = Object.entries({ host: "a", ...headers, "content-length": bytes.length });
      const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      return Buffer.concat([Buffer.from(`POST / HTTP/1.1\r\n${text}\r\n`), bytes]);
    });
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.resume();
    // Several at once, as a caller may send them.
    socket.write(Buffer.concat(requests));
    await vi.waitFor(() => expect(read).toHaveLength(requests.length), 5000);
    socket.destroy();
    server.close();
    for (const [index, { data, body }] of read.entries()) {
      expect(data).toEqual(values);
      body.release();
      expect(data).toHaveLength(0);
      for (const other of read.slice(index + 1)) expect(other.data).toHaveLength(values.length);
    }
  });

  it("is refused when it is too long, of another kind, or ends early", async () => {
    const { bytes, headers } = bodyOf(0);
    const refusal = async (request: IncomingMessage): Promise<unknown> =>
      readInferBody(request, 1000).then(
        () => "taken",
        (error: unknown) => (error instanceof RequestError ? error.status : error),
      );
    expect(await refusal(arriving(bytes, 100, headers))).toBe(413);
    const claim = { "content-length": String(2 ** 32) };
    expect(await refusal(arriving(Buffer.alloc(0), 1, claim))).toBe(413);
    expect(await refusal(arriving(bytes, 100, { "content-type": "image/png" }))).toBe(415);
    expect(await refusal(arriving(bytes, 100, { "content-encoding": "br" }))).toBe(415);
    const broken = new Readable({
      read() {
        this.destroy(new Error("aborted"));
      },
    });
    expect(
      await refusal(Object.assign(broken, { headers: {} }) as unknown as IncomingMessage),
    ).toBe(400);
  });
});
