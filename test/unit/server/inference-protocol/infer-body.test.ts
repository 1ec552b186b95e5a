import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readInferBody } from "../../../../src/server/inference-protocol/infer-body.ts";
import { readInferRequest } from "../../../../src/server/inference-protocol/infer-request.ts";
import { RequestError } from "../../../../src/server/request-error.ts";

const values = Float64Array.from({ length: 1000 }, (_, index) => index / 3);
const model = {
  inputs: [{ name: "x", type: "float64", dims: ["N"] }],
  outputs: [],
};

/** A request whose body comes in parts of that many bytes. */
function arriving(bytes: Buffer, size: number, headers: Record<string, string>): IncomingMessage {
  const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
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
  it("is put in memory once, its first tensor being a view of it, however it arrives", async () => {
    for (let pad = 0; pad < 8; pad++) {
      const { bytes, headers } = bodyOf(pad);
      for (const size of [1, 7, 1024, 5000, bytes.length]) {
        const body = await readInferBody(arriving(bytes, size, headers), 100_000);
        expect(body.bytes.equals(bytes)).toBe(true);
        const data = readInferRequest(body, model).feeds["x"]?.data as Float64Array;
        expect(data, `${pad} ${size}`).toEqual(values);
        expect(data.buffer, `${pad} ${size}`).toBe(body.bytes.buffer);
      }
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
