import { setImmediate as nextTurn } from "node:timers/promises";
import { StudioError, exitCodes, reasonOf } from "../../errors.ts";
import type { JobOptions } from "../batch-queue.ts";
import { InferenceError } from "../inference-error.ts";
import type { ModelPool } from "../model-pool.ts";
import type { LoadedModel } from "../model.ts";
import type { Label } from "../model-config.ts";
import type { ModelRecord } from "../models.ts";
import { CharacterNgrams, type NgramParameters } from "../text/character-ngrams.ts";
import { taskModel } from "./task-model.ts";

export interface LanguageGuess {
  /** ISO 639-1 code. */
  language: string;
  /** English name. */
  name: string;
  /** Probability, 0 to 1. */
  confidence: number;
}

export interface LanguageResult extends LanguageGuess {
  /** The likeliest languages, the likeliest first. */
  top: LanguageGuess[];
}

/** The name of the model that the task uses, and how many guesses an answer has. */
const modelName = "language";
const guesses = 3;

/** Texts whose features are counted before other requests get their turn. */
const textsPerTurn = 8;

/** Identifies the language of texts with the model named "language". */
export class LanguageTask {
  private readonly pool: ModelPool;
  /** By the loaded model: one that is loaded again may count other n-grams. */
  private readonly ngrams = new WeakMap<LoadedModel, CharacterNgrams>();

  /** @throws StudioError `model.config` when the model's configuration does not fit the task */
  constructor(pool: ModelPool) {
    this.pool = pool;
    const model = pool.find(modelName);
    if (model !== undefined) this.ngramsOf(model);
  }

  /** The model that answers. @throws InferenceError `model.missing` */
  get model(): ModelRecord {
    return taskModel(this.pool, modelName, modelMissing).record;
  }

  /**
   * One result for each text, in order. Input of the model: `features`, float32 [N, D]; output:
   * `probabilities`, float32 [N, L], a column for each label.
   * @throws InferenceError `model.missing`, and what `LoadedModel.infer` throws
   */
  async identify(texts: readonly string[], options: JobOptions): Promise<LanguageResult[]> {
    const model = taskModel(this.pool, modelName, modelMissing);
    const ngrams = this.ngramsOf(model);
    const width = ngrams.parameters.dimensions;
    const data = new Float32Array(texts.length * width);
    for (let start = 0; start < texts.length; start += textsPerTurn) {
      if (start > 0) await nextTurn();
      data.set(ngrams.dense(texts.slice(start, start + textsPerTurn)), start * width);
    }
    const features = { type: "float32", dims: [texts.length, width], data };
    const { probabilities } = await model.infer({ features }, options);
    const labels = model.record.labels;
    if (probabilities?.data.length !== texts.length * labels.length) {
      throw new InferenceError(
        "inference.failed",
        `The model "${modelName}" answered with shape [${probabilities?.dims.join(", ")}] for ${texts.length} texts and ${labels.length} labels.`,
      );
    }
    const values = probabilities.data as Float32Array;
    return texts.map((_, row) =>
      readRow(values.subarray(row * labels.length, (row + 1) * labels.length), labels),
    );
  }

  private ngramsOf(model: LoadedModel): CharacterNgrams {
    const known = this.ngrams.get(model) ?? createFeaturizer(model);
    this.ngrams.set(model, known);
    return known;
  }
}

function readRow(probabilities: Float32Array, labels: readonly Label[]): LanguageResult {
  const top = labels
    .map(({ code, name }, column) => ({
      language: code,
      name,
      confidence: probabilities[column] as number,
    }))
    .toSorted((one, other) => other.confidence - one.confidence)
    .slice(0, guesses);
  return { ...(top[0] as LanguageGuess), top };
}

function createFeaturizer({ record }: LoadedModel): CharacterNgrams {
  try {
    if (record.labels.length === 0) throw new Error("it lists no labels");
    return new CharacterNgrams((record.configuration["featurizer"] ?? {}) as NgramParameters);
  } catch (error) {
    throw new StudioError({
      code: "model.config",
      message: `The configuration of the model "${record.name}" (${record.file}) does not fit the task "language": ${reasonOf(error)}.`,
      hint: "Correct the config.yaml beside the model, or remove the model's folder.",
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
}

function modelMissing(): InferenceError {
  return new InferenceError(
    "model.missing",
    `No model "${modelName}" is installed.`,
    `Put one at models/${modelName}/<version>/model.onnx with its config.yaml, and start again.`,
  );
}
