import type { Cancellation } from "../cancellation.ts";
import { reasonOf } from "../../errors.ts";
import type { JobOptions } from "../batch-queue.ts";
import { InferenceError } from "../inference-error.ts";
import type { ModelPool } from "../model-pool.ts";
import type { LoadedModel } from "../model.ts";
import type { ModelRecord } from "../models.ts";
import type { Tensor } from "../tensor.ts";
import { type EmbeddingSettings, misfit, readEmbeddingFolder } from "../text/embedding-folder.ts";
import { normalize, pool } from "../text/pooling.ts";
import { TextTokenizer, type TokenizedText } from "../text/text-tokenizer.ts";
import { groupByLength, groupTensors, type TokenGroup } from "../text/token-groups.ts";
import { taskModel } from "./task-model.ts";

/** A text, or the token ids of one, taken as they are. */
export type EmbeddingInput = string | readonly number[];

export interface EmbeddingRequest {
  /** A model of the pool; the one named "embedding" where nothing is said. */
  model?: string | undefined;
  inputs: readonly EmbeddingInput[];
  /** Cuts the vectors to this length, where the model was trained for it. */
  dimensions?: number | undefined;
  /** The name of a text that the model wants before each input, e.g. "query". */
  prompt?: string | undefined;
  /**
   * Whether inputs of more tokens than the model takes are cut, and not refused. Default: as the
   * model's configuration says.
   */
  truncate?: boolean | undefined;
}

export interface EmbeddingLimits {
  /** Most tokens of an input, also of a model that takes more. */
  tokens: number;
}

export interface EmbeddingResult {
  model: ModelRecord;
  /** One for each input, in order. */
  vectors: Float32Array[];
  /** For each input whether it was cut, in order. */
  truncated: boolean[];
  /** Tokens that were read, special ones included, without padding. */
  tokens: number;
}

interface Embedder {
  settings: EmbeddingSettings;
  tokenizer: TextTokenizer;
}

/** The model that answers where none is asked for. */
const defaultModel = "embedding";

const knownInputs = new Set(["input_ids", "attention_mask", "token_type_ids"]);

/** Turns texts into vectors with the pool's models that have a tokenizer beside them. */
export class EmbeddingTask {
  private readonly pool: ModelPool;
  private readonly limits: EmbeddingLimits;
  /** By the loaded model: what is unloaded takes its tokenizer along. */
  private readonly embedders = new WeakMap<LoadedModel, Promise<Embedder | null>>();

  constructor(pool: ModelPool, limits: EmbeddingLimits = { tokens: Infinity }) {
    this.pool = pool;
    this.limits = limits;
  }

  /** Reads the tokenizers of all models there are, which takes long for a large vocabulary. */
  async prepare(): Promise<void> {
    // Whoever asks for a model with an unusable tokenizer is told so; the others are served.
    await Promise.allSettled(this.pool.all().map((model) => this.embedderOf(model)));
  }

  /**
   * A vector for each input, of the length that the model has or `dimensions`.
   * @throws InferenceError `model.missing`, `model.unfit`, `inference.input`, `inference.too.large`
   * for an input of too many tokens, and what `LoadedModel.infer` throws
   */
  async embed(request: EmbeddingRequest, options: JobOptions): Promise<EmbeddingResult> {
    const start = performance.now();
    const name = request.model ?? defaultModel;
    const model = taskModel(this.pool, name, () => modelMissing(name, false));
    const embedder = await this.embedderOf(model);
    if (embedder === null) throw modelMissing(name, true);
    checkDimensions(request.dimensions, embedder.settings, model);
    const inputs = await tokenize(request, embedder, options.signal);
    const rows = inputs.map(({ ids }) => ids);
    const timeout = Math.max(1, options.timeout - (performance.now() - start));
    const vectors: Float32Array[] = [];
    await Promise.all(
      groupByLength(rows).map(async (group) => {
        const embedded = await run(model, embedder, group, { ...options, timeout });
        for (const [row, index] of group.indexes.entries()) {
          vectors[index] = cut(embedded[row] as Float32Array, request.dimensions);
        }
      }),
    );
    const tokens = rows.reduce((sum, row) => sum + row.length, 0);
    const truncated = inputs.map((input) => input.truncated);
    return { model: model.record, vectors, truncated, tokens };
  }

  private embedderOf(model: LoadedModel): Promise<Embedder | null> {
    const known = this.embedders.get(model);
    if (known !== undefined) return known;
    const embedder = createEmbedder(model.record, this.limits);
    this.embedders.set(model, embedder);
    // A folder that was mended is read again.
    embedder.catch(() => this.embedders.delete(model));
    return embedder;
  }
}

async function tokenize(
  { inputs, prompt, truncate }: EmbeddingRequest,
  { settings, tokenizer }: Embedder,
  signal: Cancellation | undefined,
): Promise<TokenizedText[]> {
  const before = promptOf(settings, prompt);
  const isCut = truncate ?? settings.truncate;
  const tokenized: TokenizedText[] = [];
  for (const [index, input] of inputs.entries()) {
    const one =
      typeof input === "string"
        ? await tokenizer.encode(before + input, signal)
        : readIds(input, tokenizer);
    if (one.truncated && !isCut) throw tooLong(index, tokenizer);
    tokenized.push(one);
  }
  return tokenized;
}

function tooLong(index: number, { maximumTokens }: TextTokenizer): InferenceError {
  return new InferenceError(
    "inference.too.large",
    `Input ${index + 1} has more than the ${maximumTokens} tokens that can be embedded at once.`,
    'Send it in parts, or say "truncate": true to have what is too much cut off.',
  );
}

async function createEmbedder(
  record: ModelRecord,
  limits: EmbeddingLimits,
): Promise<Embedder | null> {
  const found = await readEmbeddingFolder(record);
  if (found === null) return null;
  const settings = { ...found, maximumTokens: Math.min(found.maximumTokens, limits.tokens) };
  try {
    return { settings, tokenizer: await TextTokenizer.create(settings) };
  } catch (error) {
    throw misfit(record, reasonOf(error));
  }
}

async function run(
  model: LoadedModel,
  { settings, tokenizer }: Embedder,
  group: TokenGroup,
  options: JobOptions,
): Promise<Float32Array[]> {
  const names = new Set(model.inputs.map(({ name }) => name));
  const strange = model.inputs.find(({ name }) => !knownInputs.has(name));
  if (strange !== undefined) throw misfit(model.record, `it wants an input "${strange.name}"`);
  const width = fullWidth(model, settings);
  // A blank text for a tokenizer that puts nothing around texts: few models can do without tokens.
  if (group.length === 0 && width > 0) return group.rows.map(() => new Float32Array(width));
  const feeds = groupTensors(group, tokenizer.paddingId, names);
  const outputs = await model.infer(feeds, { ...options, tokens: group.length });
  const named = Object.entries(outputs).map(([name, tensor]) => ({ name, ...tensor }));
  const output = embeddingOf(named);
  const vectors = output === undefined ? null : readVectors(output, group, settings);
  if (vectors !== null) return settings.normalize ? vectors.map(normalize) : vectors;
  throw misfit(model.record, `its output is [${output?.dims.join(", ") ?? ""}]`);
}

/** The output with the vectors: by its name, else by having one for each token. */
function embeddingOf<Output extends { name: string; dims: readonly unknown[] }>(
  outputs: readonly Output[],
): Output | undefined {
  for (const wanted of ["sentence_embedding", "last_hidden_state", "token_embeddings"]) {
    const output = outputs.find(({ name }) => name === wanted);
    if (output !== undefined) return output;
  }
  return outputs.find(({ dims }) => dims.length === 3) ?? outputs[0];
}

/** The vectors of a group's rows: pooled here, or by the model itself. */
function readVectors(
  { dims, data }: Tensor,
  group: TokenGroup,
  { pooling }: EmbeddingSettings,
): Float32Array[] | null {
  const values = data as ArrayLike<number>;
  const [count, length = 0, width] = dims;
  if (count !== group.rows.length) return null;
  if (dims.length === 2) {
    return group.rows.map((_, row) =>
      Float32Array.from({ length }, (_unused, at) => values[row * length + at] ?? 0),
    );
  }
  if (dims.length !== 3 || width === undefined || length !== group.length) return null;
  return group.rows.map((row, index) =>
    pool({ values, start: index * length * width, length: row.length, width }, pooling),
  );
}

function cut(vector: Float32Array, dimensions: number | undefined): Float32Array {
  if (dimensions === undefined || dimensions === vector.length) return vector;
  return normalize(vector.slice(0, dimensions));
}

/** The length of a model's vectors; not a number when the model does not say. */
function fullWidth(model: LoadedModel, settings: EmbeddingSettings): number {
  const output = embeddingOf(model.outputs);
  const parts = output?.dims.length === 3 ? settings.pooling.length : 1;
  return Number(output?.dims.at(-1)) * parts;
}

function checkDimensions(
  dimensions: number | undefined,
  settings: EmbeddingSettings,
  model: LoadedModel,
): void {
  if (dimensions === undefined || settings.dimensions.includes(dimensions)) return;
  if (fullWidth(model, settings) === dimensions) return;
  const allowed = settings.dimensions.join(", ");
  throw new InferenceError(
    "inference.input",
    `The model "${model.record.name}" gives no vectors of ${dimensions} dimensions.`,
    allowed === "" ? 'Leave "dimensions" out.' : `It gives ${allowed}; or leave "dimensions" out.`,
  );
}

function readIds(ids: readonly number[], tokenizer: TextTokenizer): TokenizedText {
  const odd = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= tokenizer.vocabularySize);
  if (ids.length > 0 && odd === undefined) {
    const { maximumTokens } = tokenizer;
    return { ids: ids.slice(0, maximumTokens), truncated: ids.length > maximumTokens };
  }
  throw new InferenceError(
    "inference.input",
    ids.length === 0
      ? "A list of token ids is empty."
      : `${odd} is no token: the model's ids are whole numbers from 0 to ${tokenizer.vocabularySize - 1}.`,
  );
}

function promptOf({ prompts, defaultPrompt }: EmbeddingSettings, name: string | undefined): string {
  const wanted = name ?? defaultPrompt;
  if (wanted === null) return "";
  if (Object.hasOwn(prompts, wanted)) return prompts[wanted] as string;
  if (name === undefined) return "";
  const known = Object.keys(prompts).join(", ");
  throw new InferenceError(
    "inference.input",
    `The model has no prompt "${name}".`,
    known === "" ? 'Leave "prompt" out.' : `It has ${known}.`,
  );
}

function modelMissing(name: string, hasModel: boolean): InferenceError {
  return new InferenceError(
    "model.missing",
    hasModel
      ? `The model "${name}" has no tokenizer: it does not embed texts.`
      : `No model "${name}" is installed.`,
    `Put a Hugging Face folder with tokenizer.json and onnx/model.onnx at models/${name}.`,
  );
}
