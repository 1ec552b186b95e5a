import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { reasonOf, systemCode } from "../../errors.ts";
import { InferenceError } from "../inference-error.ts";
import type { ModelRecord } from "../models.ts";
import { type PoolingMode, poolingModes, readPooling } from "./pooling.ts";

/** How the texts of a model become vectors, as its folder says. */
export interface EmbeddingSettings {
  /** What tokenizer.json and tokenizer_config.json say. */
  tokenizer: object;
  tokenizerConfig: object;
  /** Most tokens of a text. */
  maximumTokens: number;
  /** Whether a longer text is cut where its caller says nothing of it; else it is refused. */
  truncate: boolean;
  lowerCase: boolean;
  pooling: PoolingMode[];
  normalize: boolean;
  /** Lengths below the full one to which a vector may be cut. */
  dimensions: readonly number[];
  /** Texts put before a text, by name, and the name of the one that is put where none is asked. */
  prompts: Record<string, string>;
  defaultPrompt: string | null;
}

type Json = Record<string, unknown>;

/** Where no file of the folder says how long a text may be. */
const defaultMaximumTokens = 512;

/** Model types whose positions begin behind the padding's: two fewer than they have. */
const offsetPositions = new Set(["roberta", "xlm-roberta", "camembert", "mpnet", "longformer"]);

/** The folder with the tokenizer: the model file's own, or the one above `onnx/`. */
function embeddingFolder(record: ModelRecord): string {
  const folder = dirname(record.file);
  return basename(folder) === "onnx" ? dirname(folder) : folder;
}

/**
 * Reads a folder laid out as Hugging Face's, with the files of sentence-transformers where there are
 * any: modules.json, 1_Pooling/config.json, sentence_bert_config.json. What the key `embedding` of
 * config.yaml says goes first: `pooling`, `normalize`, `maximumTokens`, `truncate`, `dimensions`. Without
 * any of them the mean is taken and not normalised, which is what sentence-transformers does.
 * @returns null when the folder has no tokenizer.json: the model does not embed texts
 * @throws InferenceError `model.unfit`
 */
export async function readEmbeddingFolder(record: ModelRecord): Promise<EmbeddingSettings | null> {
  try {
    return await readFolder(embeddingFolder(record), ownWords(record));
  } catch (error) {
    throw misfit(record, reasonOf(error));
  }
}

function ownWords({ configuration }: ModelRecord): Json {
  const own = configuration["embedding"] ?? {};
  if (typeof own === "object" && !Array.isArray(own)) return own as Json;
  throw new Error("config.yaml: embedding is a list of keys and values");
}

async function readFolder(folder: string, own: Json): Promise<EmbeddingSettings | null> {
  const read = async (name: string): Promise<Json | null> => await readJson(join(folder, name));
  const tokenizer = await read("tokenizer.json");
  if (tokenizer === null) return null;
  const tokenizerConfig = (await read("tokenizer_config.json")) ?? {};
  const config = (await read("config.json")) ?? {};
  const sentence = (await read("sentence_bert_config.json")) ?? {};
  const prompts = (await read("config_sentence_transformers.json")) ?? {};
  const modules = await readModules(folder);
  const offset = offsetPositions.has(String(config["model_type"])) ? 2 : 0;
  const positions = number(config["max_position_embeddings"]) - offset;
  const modelLength = Math.min(number(tokenizerConfig["model_max_length"]), positions);
  return {
    tokenizer,
    tokenizerConfig,
    maximumTokens: maximumTokens([own["maximumTokens"], sentence["max_seq_length"], modelLength]),
    truncate: own["truncate"] === true,
    lowerCase: sentence["do_lower_case"] === true,
    pooling: own["pooling"] === undefined ? modules.pooling : readOwnPooling(own["pooling"]),
    normalize: typeof own["normalize"] === "boolean" ? own["normalize"] : modules.normalize,
    dimensions: readDimensions(own["dimensions"]),
    prompts: (prompts["prompts"] ?? {}) as Record<string, string>,
    defaultPrompt: (prompts["default_prompt_name"] ?? null) as string | null,
  };
}

/** The error of a folder that the task cannot work with; callers see it, so it names no path. */
export function misfit(record: ModelRecord, reason: string): InferenceError {
  return new InferenceError(
    "model.unfit",
    `The model "${record.name}" does not fit the task "embeddings": ${reason}.`,
    "Export the model again, or correct the files beside it.",
  );
}

async function readModules(
  folder: string,
): Promise<{ pooling: PoolingMode[]; normalize: boolean }> {
  const modules = (await readJson(join(folder, "modules.json"))) as unknown as Json[] | null;
  let pooling: PoolingMode[] = ["mean"];
  let normalize = false;
  for (const { type, path } of modules ?? []) {
    // "sentence_transformers.models.Pooling", and longer paths in later versions.
    const kind = String(type).split(".").at(-1);
    if (kind === "Pooling") {
      pooling = readPooling((await readJson(join(folder, String(path), "config.json"))) ?? {});
    } else if (kind === "Normalize") {
      normalize = true;
    } else if (kind !== "Transformer") {
      throw new Error(`modules.json asks for a ${kind}, which is not part of the ONNX file`);
    }
  }
  return { pooling, normalize };
}

function readOwnPooling(value: unknown): PoolingMode[] {
  const mode = poolingModes.find((known) => known === value);
  if (mode !== undefined) return [mode];
  throw new Error(`config.yaml: embedding.pooling is one of ${poolingModes.join(", ")}`);
}

function readDimensions(value: unknown): number[] {
  const list = value ?? [];
  const isLength = (size: unknown): boolean => Number.isInteger(size) && Number(size) > 0;
  if (Array.isArray(list) && list.every(isLength)) return list as number[];
  throw new Error("config.yaml: embedding.dimensions is a list of whole numbers");
}

/** The first that is a usable number; files say 1e30 for "no limit". */
function maximumTokens(candidates: readonly unknown[]): number {
  const found = candidates.map(number).find((value) => value < 1_000_000);
  if (found === undefined) return defaultMaximumTokens;
  if (Number.isInteger(found) && found > 0) return found;
  throw new Error(`the longest text of ${found} tokens is no length`);
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : Infinity;
}

async function readJson(file: string): Promise<Json | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return null;
    throw new Error(`${basename(file)} cannot be read (${systemCode(error) ?? "no code"})`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new Error(`${basename(file)} is no JSON`, { cause: error });
  }
}
