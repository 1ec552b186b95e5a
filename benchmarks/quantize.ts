/**
 * What int8 weights gain and cost: node benchmarks/quantize.ts [--check]. Networks with random
 * weights run in ONNX Runtime before and after, in turns, on one thread, with the daemon's settings;
 * items a second are medians by processor time. "one scale" has one for all rows of a run, which the
 * daemon does not batch: in place of a batch it is given row by row. With --check a missed target
 * exits 1.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { graph } from "../src/inference/onnx/build.ts";
import type { ModelProto } from "../src/inference/onnx/messages.ts";
import { writeModel } from "../src/inference/onnx/model-file.ts";
import { judge } from "../src/inference/quantize/judge.ts";
import { quantizeModel } from "../src/inference/quantize/quantize-model.ts";
import { weightLimits } from "../src/inference/quantize/weights.ts";
import { encoder, perceptron } from "../test/support/network-models.ts";

const targets = { ratio: 1.8, cosine: 0.99 };
const budget = 3000;

const small = encoder({ layers: 2, width: 256, heads: 4, vocabulary: 2000 });
const large = encoder({ layers: 6, width: 384, heads: 12, vocabulary: 2000 });

const cases: { network: string; model: ModelProto; sequence: number }[] = [
  {
    network: "perceptron 1024-1024-1024-256",
    model: perceptron([1024, 1024, 1024, 256]),
    sequence: 0,
  },
  ...[16, 64, 128].map((sequence) => ({ network: "encoder 2 x 256", model: small, sequence })),
  ...[16, 64, 128].map((sequence) => ({ network: "encoder 6 x 384", model: large, sequence })),
];

async function compare(folder: string, model: ModelProto, sequence: number, eachRow: boolean) {
  const quantized = await quantizeModel(model, {
    limit: weightLimits.full,
    embeddings: false,
    eachRow,
    load: async (tensor) => tensor,
  });
  const files = { before: join(folder, "float.onnx"), after: join(folder, "int8.onnx") };
  const bytes = {
    before: await writeModel(files.before, model),
    after: await writeModel(files.after, quantized.model),
  };
  const judgement = await judge({
    ...files,
    graph: model.graph ?? graph({}),
    samples: null,
    dimensions: { sequence },
    budget,
    signal: new AbortController().signal,
  });
  return { ...judgement, size: bytes.after / bytes.before };
}

process.stdout.write(`${cpus()[0]?.model ?? "unknown"}, one thread; ratios to fp32\n`);
let missed = 0;
for (const { network, model, sequence } of cases) {
  for (const eachRow of [true, false]) {
    const folder = mkdtempSync(join(tmpdir(), "studio-quantize-"));
    try {
      const { alone, asked, differences, size } = await compare(folder, model, sequence, eachRow);
      const cosine = Math.min(...differences.map((one) => one.cosine ?? 0));
      const row = {
        network,
        tokens: sequence,
        scales: eachRow ? "each row" : "one",
        alone: rounded(alone),
        [`batch of ${asked?.rows ?? 0}`]: rounded(asked ?? alone),
        cosine: Number(cosine.toFixed(5)),
        size: `${(size * 100).toFixed(0)} %`,
      };
      process.stdout.write(`${JSON.stringify(row)}\n`);
      // What is the default must reach them.
      if (eachRow && ((asked ?? alone).ratio < targets.ratio || cosine < targets.cosine))
        missed += 1;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}
process.stdout.write(`targets in batches: ${targets.ratio} times, cosine ${targets.cosine}; `);
process.stdout.write(`missed ${missed} of ${cases.length}\n`);
if (missed > 0 && process.argv.includes("--check")) process.exitCode = 1;

function rounded({ before, after, ratio }: { before: number; after: number; ratio: number }) {
  return [before, after, ratio].map((value) => Number(value.toPrecision(3)));
}
