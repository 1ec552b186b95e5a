import { arch } from "node:os";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import { readModelConfiguration } from "../model-config.ts";
import { graph } from "../onnx/build.ts";
import { loadTensor } from "../onnx/external-data.ts";
import { readModel } from "../onnx/model-file.ts";
import type { ModelProto } from "../onnx/messages.ts";
import type { OutputDifference } from "./compare-outputs.ts";
import { type Judgement, judge } from "./judge.ts";
import { type SourceInput, type SourceModel, locateSource, placeIn } from "./locate-source.ts";
import type { Speed } from "./measure.ts";
import { type QuantizedModel, quantizeModel } from "./quantize-model.ts";
import { readSamples } from "./read-samples.ts";
import { weightLimits } from "./weights.ts";
import { type StagedVersion, bytesOfModel, stageVersion } from "./write-version.ts";

export interface QuantizeInput extends SourceInput {
  /** Absolute path of the new folder; null: beside the version, its name with "-int8". */
  output: string | null;
  /** A file of samples to compare on; null: generated ones. */
  samples: string | null;
  embeddings: boolean;
  /** A scale for each row, rather than one for all of a run: rows do not change each other. */
  eachRow: boolean;
  /** Weights of seven bits, for processors without VNNI. */
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
  bytes: { before: number; after: number };
  /** Row by row; with given samples, with the rows each has. */
  itemsPerSecond: Speed;
  /**
   * When many ask, who then share runs of so many rows; a version that is not batched computes
   * row by row. Null where the first is not batched.
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
  input.say(`reading ${source.file}`);
  const original = await readModel(source.file);
  const given = input.samples === null ? null : await readSamples(input.samples);
  input.say("quantizing");
  const result = await quantizeModel(original, {
    limit: input.reduceRange ? weightLimits.reduced : weightLimits.full,
    embeddings: input.embeddings,
    eachRow: input.eachRow,
    load: (tensor) => loadTensor(tensor, dirname(source.file)),
  });
  if (result.quantized.length === 0) throw nothing(source, result);
  input.signal.throwIfAborted();
  const destination = input.output ?? source.destination;
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
    return { ...report, output: join(destination, placeIn(source)) };
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
    notes: notesOf(result, judgement, input),
  };
}

function notesOf(
  { droppedInputs }: QuantizedModel,
  { alone, asked, batched }: Judgement,
  { samples, reduceRange }: QuantizeInput,
): string[] {
  const notes: string[] = [];
  if (droppedInputs.length > 0) {
    notes.push(`These weights can no longer be given as inputs: ${droppedInputs.join(", ")}.`);
  }
  if (batched.before && !batched.after) {
    notes.push("The daemon batches the original and not this version, whose rows share a scale.");
  }
  if (alone.ratio < 1 && (asked?.ratio ?? 0) < 1) {
    notes.push("The original is faster: small models gain nothing. Serve that one.");
  }
  if (samples === null) {
    notes.push("Compared on generated inputs: --samples FILE compares on real ones.");
  }
  if (!reduceRange && saturates()) {
    notes.push(
      "This processor has no VNNI, so products of large numbers may saturate; " +
        "--reduce-range avoids it.",
    );
  }
  return notes;
}

async function dimensionsOf({ root, folder }: SourceModel): Promise<Record<string, number>> {
  const places = [...new Set([root, folder])].map((place) => join(place, "config.yaml"));
  const configurations = await Promise.all(places.map(readModelConfiguration));
  return Object.assign({}, ...configurations.map(({ dimensions }) => dimensions ?? {})) as Record<
    string,
    number
  >;
}

/** True on x86 processors that add products of bytes in 16 bits: see `weightLimits`. */
function saturates(): boolean {
  if (arch() !== "x64") return false;
  try {
    return !/^flags.*\b(avx_vnni|avx512_vnni)\b/m.test(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    // Systems other than Linux do not say.
    return false;
  }
}

function nothing({ name, version }: SourceModel, { left }: QuantizedModel): StudioError {
  const reasons = [...new Set(left.map(({ operator, reason }) => `${operator}: ${reason}`))];
  const why = reasons.length === 0 ? "it has no MatMul or Gemm" : reasons.join("; ");
  return new StudioError({
    code: "model.quantize.nothing",
    message: `Nothing in version ${version} of ${name} can be quantized: ${why}.`,
    hint: "Serve the model as it is.",
    exitCode: exitCodes.usage,
    details: { left },
  });
}
