import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { StudioError, exitCodes, reasonOf } from "../../errors.ts";
import type { Label } from "../model-config.ts";
import { sizeOf } from "./locate.ts";

/** What lies beside a model in a folder as Hugging Face has it: absolute paths. */
export interface ModelFiles {
  /** config.json of transformers. */
  config?: string;
  tokenizer?: string;
  tokenizerConfig?: string;
  specialTokens?: string;
  preprocessor?: string;
  /** modules.json of sentence-transformers. */
  modules?: string;
  sentenceConfig?: string;
  /** config.json of the module that pools. */
  pooling?: string;
}

const names: Record<Exclude<keyof ModelFiles, "pooling">, string> = {
  config: "config.json",
  tokenizer: "tokenizer.json",
  tokenizerConfig: "tokenizer_config.json",
  specialTokens: "special_tokens_map.json",
  preprocessor: "preprocessor_config.json",
  modules: "modules.json",
  sentenceConfig: "sentence_bert_config.json",
};

/** Paths relative to a version's folder on which its record depends, besides the model's own. */
export const huggingFaceNames: readonly string[] = [
  ...Object.values(names),
  join("1_Pooling", "config.json"),
];

/** Endings of architectures (transformers) and the task they are for. */
const tasks: readonly [ending: string, task: string][] = [
  ["ForSequenceClassification", "text-classification"],
  ["ForTokenClassification", "token-classification"],
  ["ForQuestionAnswering", "question-answering"],
  ["ForMaskedLM", "fill-mask"],
  ["ForImageClassification", "image-classification"],
  ["ForObjectDetection", "object-detection"],
  ["Model", "feature-extraction"],
];

export interface HuggingFaceFacts {
  files: ModelFiles;
  task: string | null;
  labels: Label[];
}

/**
 * The files beside a model, and what they say of it: the task by the architecture, the labels by
 * `id2label` in the order of the output's columns.
 * @throws StudioError `model.config` when a file is not JSON
 */
export async function readHuggingFace(folder: string): Promise<HuggingFaceFacts> {
  const files: ModelFiles = {};
  for (const [key, name] of Object.entries(names)) {
    const file = join(folder, name);
    if ((await sizeOf(file)) !== null) files[key as keyof typeof names] = file;
  }
  const pooling = join(folder, await poolingFolder(files.modules), "config.json");
  if ((await sizeOf(pooling)) !== null) files.pooling = pooling;
  const config = files.config === undefined ? {} : await readJson(files.config);
  const known = files.config !== undefined && config["model_type"] !== undefined;
  const task = files.modules === undefined ? taskOf(config) : "feature-extraction";
  return { files, task, labels: known ? labelsOf(config) : [] };
}

/** The folder of sentence-transformers' module that pools, as modules.json names it. */
async function poolingFolder(modules: string | undefined): Promise<string> {
  const usual = "1_Pooling";
  if (modules === undefined) return usual;
  const list: unknown = await readJson(modules);
  if (!Array.isArray(list)) return usual;
  const entries = list as { type?: unknown; path?: unknown }[];
  const pooling = entries.find(({ type }) => String(type).endsWith(".Pooling"));
  const path = pooling?.path;
  return typeof path === "string" && /^[\w-][\w.-]*$/.test(path) ? path : usual;
}

function taskOf(config: Record<string, unknown>): string | null {
  const { architectures } = config;
  const architecture = Array.isArray(architectures) ? String(architectures[0]) : "";
  return tasks.find(([ending]) => architecture.endsWith(ending))?.[1] ?? null;
}

function labelsOf({ id2label }: Record<string, unknown>): Label[] {
  if (typeof id2label !== "object" || id2label === null) return [];
  return Object.entries(id2label)
    .toSorted(([one], [other]) => Number(one) - Number(other))
    .map(([, label]) => ({ code: String(label), name: String(label) }));
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  try {
    return (JSON.parse(await readFile(file, "utf8")) ?? {}) as Record<string, unknown>;
  } catch (error) {
    throw new StudioError({
      code: "model.config",
      message: `The model configuration ${file} is not usable: ${reasonOf(error)}.`,
      hint: "Fetch the model's folder again, or remove it.",
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
}
