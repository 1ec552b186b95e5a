import { reasonOf } from "../../errors.ts";
import type { JobOptions } from "../batch-queue.ts";
import { InferenceError } from "../inference-error.ts";
import type { ModelPool } from "../model-pool.ts";
import type { Label } from "../model-config.ts";
import type { ModelRecord } from "../models.ts";
import { Patience } from "../patience.ts";
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
  /** Of each content that the model had: it can be loaded anew while the daemon runs. */
  private readonly featurizers = new WeakMap<ModelRecord, CharacterNgrams>();

  constructor(pool: ModelPool) {
    this.pool = pool;
  }

  /** The model that answers. @throws InferenceError `model.missing` */
  get model(): ModelRecord {
    return taskModel(this.pool, modelName, modelMissing).record;
  }

  /**
   * One result for each text, in order. Input of the model: `features`, float32 [N, D]; output:
   * `probabilities`, float32 [N, L], a column for each label.
   * @throws InferenceError `model.missing`, `model.unfit` when the model's configuration does not
   * fit the task, and what `LoadedModel.infer` throws
   */
  async identify(texts: readonly string[], options: JobOptions): Promise<LanguageResult[]> {
    const model = taskModel(this.pool, modelName, modelMissing);
    const ngrams = this.featurizerOf(model.record);
    const patience = new Patience(options);
    const width = ngrams.parameters.dimensions;
    const data = new Float32Array(texts.length * width);
    for (let start = 0; start < texts.length; start += textsPerTurn) {
      if (start > 0) await patience.nextTurn();
      data.set(ngrams.dense(texts.slice(start, start + textsPerTurn)), start * width);
    }
    const features = { type: "float32", dims: [texts.length, width], data };
    const { probabilities } = await model.infer(
      { features },
      { ...options, timeout: patience.left },
    );
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

  private featurizerOf(record: ModelRecord): CharacterNgrams {
    const known = this.featurizers.get(record);
    if (known !== undefined) return known;
    const made = createFeaturizer(record);
    this.featurizers.set(record, made);
    return made;
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

function createFeaturizer(record: ModelRecord): CharacterNgrams {
  try {
    if (record.labels.length === 0) throw new Error("it lists no labels");
    return new CharacterNgrams((record.configuration["featurizer"] ?? {}) as NgramParameters);
  } catch (error) {
    throw new InferenceError(
      "model.unfit",
      `The configuration of the model "${record.name}" does not fit the task "language": ${reasonOf(error)}.`,
      "Correct the config.yaml beside the model and load it again, or remove the model's folder.",
    );
  }
}

function modelMissing(): InferenceError {
  return new InferenceError(
    "model.missing",
    `No model "${modelName}" is installed.`,
    `Put one at models/${modelName}/<version>/model.onnx with its config.yaml, and load it or start again.`,
  );
}
