/**
 * What int8 weights gain and cost: node benchmarks/quantize.ts [--check]. Networks with random
 * weights run in ONNX Runtime before and after, in turns, on one thread; items a second are medians
 * by processor time. With --check a missed target exits 1.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { generateSample } from "../src/inference/quantize/generate-samples.ts";
import { measure } from "../src/inference/quantize/measure.ts";
import { quantizeModel } from "../src/inference/quantize/quantize-model.ts";
import { openSession } from "../src/inference/quantize/runtime-session.ts";
import { weightLimits } from "../src/inference/quantize/weights.ts";
import { graph } from "../src/inference/onnx/build.ts";
import type { ModelProto } from "../src/inference/onnx/messages.ts";
import { writeModel } from "../src/inference/onnx/model-file.ts";
import { encoder, perceptron } from "../test/support/network-models.ts";

const targets = { ratio: 1.8, cosine: 0.99 };

const networks: Record<string, ModelProto> = {
  "perceptron 1024, 1024, 1024, 256": perceptron([1024, 1024, 1024, 256]),
  "encoder of 2 layers, 256 wide": encoder({ layers: 2, width: 256, heads: 4, vocabulary: 2000 }),
  "encoder of 6 layers, 384 wide": encoder({ layers: 6, width: 384, heads: 12, vocabulary: 2000 }),
};

async function compare(folder: string, model: ModelProto) {
  const { model: small } = await quantizeModel(model, {
    limit: weightLimits.full,
    embeddings: false,
    eachRow: false,
    load: async (tensor) => tensor,
  });
  const files = { before: join(folder, "float.onnx"), after: join(folder, "int8.onnx") };
  const bytes = {
    before: await writeModel(files.before, model),
    after: await writeModel(files.after, small),
  };
  const before = await openSession(files.before);
  const after = await openSession(files.after);
  const seeds = [1, 2, 3, 4];
  const samples = seeds.map((seed) =>
    generateSample(before.inputs, model.graph ?? graph({}), seed),
  );
  const signal = new AbortController().signal;
  const measured = await measure(before, after, samples, { budget: 6000, signal });
  await before.close();
  await after.close();
  return { bytes, ...measured };
}

const rows: Record<string, unknown>[] = [];
for (const [network, model] of Object.entries(networks)) {
  const folder = mkdtempSync(join(tmpdir(), "studio-quantize-"));
  try {
    const { bytes, itemsPerSecond, differences, runs } = await compare(folder, model);
    const ratio = itemsPerSecond.after / itemsPerSecond.before;
    const cosine = Math.min(...differences.map((one) => one.cosine ?? 0));
    rows.push({
      network,
      "fp32 items/s": Math.round(itemsPerSecond.before),
      "int8 items/s": Math.round(itemsPerSecond.after),
      ratio: Number(ratio.toFixed(2)),
      cosine: Number(cosine.toFixed(5)),
      size: `${((bytes.after / bytes.before) * 100).toFixed(0)} %`,
      runs,
      missed: ratio < targets.ratio || cosine < targets.cosine,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
process.stdout.write(`${cpus()[0]?.model ?? "unknown"}, one thread, 8 rows a run\n`);
for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
const missed = rows.filter((row) => row["missed"] === true);
process.stdout.write(`targets: ${targets.ratio} times, cosine ${targets.cosine}\n`);
if (missed.length > 0 && process.argv.includes("--check")) process.exitCode = 1;
