import { randomNumbers } from "../random.ts";
import type { Benchmark } from "./benchmark.ts";

/** An answer of the API as `/v1/embeddings` gives it, with eight embeddings. */
export function jsonBenchmarks(): Benchmark[] {
  const random = randomNumbers(3);
  const data = Array.from({ length: 8 }, (_, index) => {
    const embedding = Array.from({ length: 384 }, () => Math.fround(random() - 0.5));
    return { object: "embedding", index, embedding };
  });
  const answer = { object: "list", model: "embedding", data, usage: { total_tokens: 64 } };
  const text = JSON.stringify(answer);
  return [
    { name: "json stringify", call: () => JSON.stringify(answer) },
    { name: "json parse", call: () => JSON.parse(text) as unknown },
  ];
}
