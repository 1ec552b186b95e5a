import { readFileSync } from "node:fs";
import { normalize } from "../../../text/pooling.ts";
import { createEncoder } from "./tokens.ts";

process.env["ORT_DISABLE_TELEMETRY"] = "1"; // read by the runtime as it loads
const { InferenceSession, Tensor } = await import("onnxruntime-node");

/** Most tokens of a text that the service reads. */
const longestText = 512;
const textsPerRun = 128;

/** The vectors of texts as the written model gives them, of norm 1, row-major. */
export async function embedAll(texts: readonly string[], width: number): Promise<Float32Array> {
  const encode = createEncoder(longestText);
  const file = new URL("../model.onnx", import.meta.url);
  const session = await InferenceSession.create(readFileSync(file));
  const rows = new Float32Array(texts.length * width);
  for (let start = 0; start < texts.length; start += textsPerRun) {
    const batch = texts.slice(start, start + textsPerRun).map((text) => encode(text));
    const length = Math.max(1, ...batch.map((ids) => ids.length));
    const ids = new BigInt64Array(batch.length * length);
    const mask = new BigInt64Array(batch.length * length);
    for (const [row, tokens] of batch.entries()) {
      for (const [at, token] of tokens.entries()) ids[row * length + at] = BigInt(token);
      mask.fill(1n, row * length, row * length + tokens.length);
    }
    const shape = [batch.length, length];
    const answer = await session.run({
      input_ids: new Tensor("int64", ids, shape),
      attention_mask: new Tensor("int64", mask, shape),
    });
    const output = answer["sentence_embedding"];
    const full = output?.dims[1] ?? 0;
    const data = output?.data as Float32Array;
    for (let row = 0; row < batch.length; row += 1) {
      const vector = normalize(data.slice(row * full, row * full + width));
      rows.set(vector, (start + row) * width);
    }
  }
  await session.release();
  return rows;
}
