import { dirname, join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import { readModelConfiguration } from "../model-config.ts";
import { graph } from "../onnx/build.ts";
import { loadTensor } from "../onnx/external-data.ts";
import { readModel } from "../onnx/model-file.ts";
import type { ModelProto } from "../onnx/messages.ts";
import { nextOf, notesOf } from "./advice.ts";
import type { OutputDifference } from "./compare-outputs.ts";
import { type Judgement, judge } from "./judge.ts";
import { type SourceInput, type SourceModel, locateSource, placeIn } from "./locate-source.ts";
import type { Speed } from "./measure.ts";
import { saturates } from "./processor.ts";
import { type QuantizedModel, quantizeModel } from "./quantize-model.ts";
import { readSamples } from "./read-samples.ts";
import { weightLimits } from "./weights.ts";
import { type StagedVersion, bytesOfModel, requireFree, stageVersion } from "./write-version.ts";

export interface QuantizeInput extends SourceInput {
  /** Absolute path of the new folder; null: beside the version, its name with "-int8". */
  output: string | null;
  /** A file of samples to compare on; null: generated ones. */
  samples: string | null;
  embeddings: boolean;
  /** A scale for each row, rather than one for all of a run: rows do not change each other. */
  eachRow: boolean;
  /** Weights of seven bits, as processors without VNNI need them: the default on such a one. */
  reduceRange: boolean;
  /** Keeps the result also when it is too far from the original. */
  force: boolean;
  /** Measures, and keeps nothing. */
  dryRun: boolean;
  /** Milliseconds of processor time to measure speed for. */
  budget: number;
  signal: AbortSignal;
  say(words: string): void;
}

export interface QuantizeReport {
  model: string;
  version: string;
  /** Absolute path of the new version's model; null when it was not kept. */
  output: string | null;
  /** How it is asked for; null as well when it was written elsewhere than beside the original. */
  next: string | null;
  bytes: { before: number; after: number };
  /** Row by row; with given samples, with the rows each has. */
  itemsPerSecond: Speed;
  /**
   * When many ask, who then share runs of so many generated rows; a version that is not batched
   * computes row by row. Null where the first is not batched.
   */
  batches: (Speed & { rows: number }) | null;
  /** Whether the daemon computes rows of several callers together. */
  batched: { before: boolean; after: boolean };
  difference: {
    samples: "generated" | "given";
    /** The least over all outputs and samples; of outputs without fractions, the equal share. */
    cosine: number;
    outputs: OutputDifference[];
  };
  quantized: QuantizedModel["quantized"];
  left: QuantizedModel["left"];
  /** What the operator should know of the result. */
  notes: string[];
}

/** Below it the result is not kept unless forced. */
export const leastCosine = 0.99;

/**
 * Makes an int8 version of a model and compares the two in ONNX Runtime; it appears in its place
 * in one step once it was found good.
 * @throws StudioError `model.missing`, `model.quantize.nothing`, `model.quantize.version`,
 * `model.unloadable`, `usage`; OnnxError
 */
export async function quantizeVersion(input: QuantizeInput): Promise<QuantizeReport> {
  const source = await locateSource(input);
  const destination = input.output ?? source.destination;
  if (!input.dryRun) requireFree(destination);
  input.say(`reading ${source.file}`);
  const original = await readModel(source.file);
  const given = input.samples === null ? null : await readSamples(input.samples);
  input.say("quantizing");
  const result = await quantizeModel(original, {
    limit: input.reduceRange || saturates() ? weightLimits.reduced : weightLimits.full,
    embeddings: input.embeddings,
    eachRow: input.eachRow,
    load: (tensor) => loadTensor(tensor, dirname(source.file)),
  });
  if (result.quantized.length === 0) throw nothing(source, original, result);
  input.signal.throwIfAborted();
  const staged = await stageVersion(source, destination, result.model);
  try {
    input.say("comparing the two versions");
    const judgement = await judge({
      before: source.file,
      after: staged.file,
      graph: original.graph ?? graph({}),
      samples: given,
      dimensions: await dimensionsOf(source),
      budget: input.budget,
      signal: input.signal,
    });
    const report = await reportOf({ source, original, staged, result, judgement, input });
    if (input.dryRun || (report.difference.cosine < leastCosine && !input.force)) return report;
    input.signal.throwIfAborted();
    await staged.publish();
    const next = input.output === null ? nextOf(source) : null;
    return { ...report, output: join(destination, placeIn(source)), next };
  } finally {
    await staged.discard();
  }
}

async function reportOf(parts: {
  source: SourceModel;
  original: ModelProto;
  staged: StagedVersion;
  result: QuantizedModel;
  judgement: Judgement;
  input: QuantizeInput;
}): Promise<QuantizeReport> {
  const { source, original, staged, result, judgement, input } = parts;
  const { differences, alone, asked, batched } = judgement;
  return {
    model: source.name,
    version: source.version,
    output: null,
    next: null,
    bytes: { before: await bytesOfModel(source.file, original), after: staged.bytes },
    itemsPerSecond: alone,
    batches: asked,
    batched,
    difference: {
      samples: input.samples === null ? "generated" : "given",
      cosine: Math.min(...differences.map(({ cosine, equal }) => cosine ?? equal ?? 0)),
      outputs: differences,
    },
    quantized: result.quantized,
    left: result.left,
    notes: notesOf(result, judgement, {
      samples: input.samples,
      seven: !input.reduceRange && saturates(),
    }),
  };
}

async function dimensionsOf({ root, folder }: SourceModel): Promise<Record<string, number>> {
  const places = [...new Set([root, folder])].map((place) => join(place, "config.yaml"));
  const configurations = await Promise.all(places.map(readModelConfiguration));
  return Object.assign({}, ...configurations.map(({ dimensions }) => dimensions ?? {})) as Record<
    string,
    number
  >;
}

/** What only quantized models have. */
const ofWholeNumbers = /^(MatMulInteger|DynamicQuantize|QLinear|DequantizeLinear|MatMulNBits)/;

function nothing(
  { name, version }: SourceModel,
  { graph }: ModelProto,
  { left }: QuantizedModel,
): StudioError {
  const done = graph?.node.some(({ opType = "" }) => ofWholeNumbers.test(opType)) === true;
  const reasons = [...new Set(left.map(({ operator, reason }) => `${operator}: ${reason}`))];
  const others = reasons.length === 0 ? "it has no MatMul or Gemm" : reasons.join("; ");
  const why = done ? "it is quantized already" : others;
  return new StudioError({
    code: "model.quantize.nothing",
    message: `Nothing in version ${version} of ${name} can be quantized: ${why}.`,
    hint: "Serve the model as it is.",
    exitCode: exitCodes.usage,
    details: { left },
  });
}
