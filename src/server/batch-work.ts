import type { JobOptions } from "../inference/batch-queue.ts";
import { InferenceError } from "../inference/inference-error.ts";
import { textTaskNames } from "../inference/tasks/text-options.ts";
import { answerError } from "./error-answer.ts";
import { readImageRequest, workOnImage } from "./image-work.ts";
import type { Failure } from "./problem.ts";
import type { Services } from "./services.ts";

/** One of the items of a batch, as it was sent: its kind, and what that kind of work takes. */
export interface BatchItem {
  id?: string | undefined;
  kind: string;
  [key: string]: unknown;
}

export interface ItemAnswer {
  index: number;
  id?: string | undefined;
  kind: string;
  status: number;
  model?: object;
  result?: object;
  error?: { code: string; detail: string; hint?: string | undefined };
}

export interface BatchAnswer {
  /** In the order of the items. */
  results: ItemAnswer[];
  summary: { total: number; succeeded: number; failed: number };
}

type Words = Readonly<Record<string, unknown>>;

/** Does the work of one item. @throws what the same request by itself would be answered with */
type ItemWorker = (words: Words, options: JobOptions) => Promise<ItemResult>;

/** The answer to the same request by itself: its result, and what gave it. */
interface ItemResult {
  model?: object;
  result: object;
}

/** What answers each kind of item. */
export function itemWorkers(services: Services): Record<string, ItemWorker> {
  return {
    text: (words, options) => workOnText(services, words, options),
    embedding: ({ text, ...said }, options) =>
      workOnText(services, { task: "embeddings", text, options: said }, options),
    image: (words, options) => workOnEncodedImage(services, words, options),
    vector: (words, options) => searchVectors(services, words, options),
  };
}

/**
 * Works on the items, `atOnce` of them at a time; one that fails fails alone. When the caller goes
 * away, those that have not begun never do.
 */
export async function workOnBatch(
  workers: Readonly<Record<string, ItemWorker>>,
  items: readonly BatchItem[],
  { atOnce, options, failed }: BatchOptions,
): Promise<BatchAnswer> {
  const deadline = performance.now() + options.timeout;
  const results: ItemAnswer[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      const item = items[index] as BatchItem;
      const left = { ...options, timeout: Math.max(0, deadline - performance.now()) };
      results[index] = await answerItem(workers, { item, index, options: left, failed });
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  const succeeded = results.filter(({ error }) => error === undefined).length;
  const total = results.length;
  return { results, summary: { total, succeeded, failed: total - succeeded } };
}

export interface BatchOptions {
  /** Items that are worked on at once. */
  atOnce: number;
  options: JobOptions;
  /** Told of each item that failed. */
  failed: (failure: Failure, error: unknown) => void;
}

interface Turn {
  item: BatchItem;
  index: number;
  options: JobOptions;
  failed: BatchOptions["failed"];
}

async function answerItem(
  workers: Readonly<Record<string, ItemWorker>>,
  { item: { id, kind, ...words }, index, options, failed }: Turn,
): Promise<ItemAnswer> {
  const head = id === undefined ? { index, kind } : { index, id, kind };
  try {
    refuseWhenOver(options);
    const worker = Object.hasOwn(workers, kind) ? workers[kind] : undefined;
    if (worker === undefined) throw unknownKind(kind, Object.keys(workers));
    return { ...head, status: 200, ...(await worker(words, options)) };
  } catch (error) {
    const failure = answerError(error);
    failed(failure, error);
    const { status, code, detail, hint } = failure;
    return { ...head, status, error: { code, detail, hint } };
  }
}

function refuseWhenOver({ signal, timeout }: JobOptions): void {
  if (signal?.aborted === true) {
    throw new InferenceError("inference.cancelled", "The caller went away before the answer.");
  }
  if (timeout > 0) return;
  throw new InferenceError(
    "inference.deadline",
    "The time of the request was over before the item's turn.",
    "Send fewer items at a time.",
  );
}

async function workOnText(
  { texts, spec }: Services,
  words: Words,
  job: JobOptions,
): Promise<ItemResult> {
  const { task: name, text, options, ...rest } = words;
  const task = textTaskNames.find((one) => one === name);
  if (task === undefined) throw wrong("task", `must be one of: ${textTaskNames.join(", ")}`);
  refuseOthers(rest);
  const { text: limit } = spec.serve.limits;
  if (typeof text !== "string" || text.length === 0 || text.length > limit) {
    throw wrong("text", `must be a text of 1 to ${limit} characters`);
  }
  if (options !== undefined && (typeof options !== "object" || options === null)) {
    throw wrong("options", "must be an object");
  }
  const { results, ...answer } = await texts.process({ task, texts: [text], options }, job);
  return { ...answer, result: results[0] ?? {} };
}

/** The image as base64 in `image`, and beside it what a form would say. */
async function workOnEncodedImage(
  { images }: Services,
  words: Words,
  options: JobOptions,
): Promise<ItemResult> {
  const { image, name, type, ...rest } = words;
  const request = readImageRequest(rest);
  const bytes = typeof image === "string" ? decodeBase64(image) : null;
  if (bytes === null) throw wrong("image", "must be an image as base64");
  const file = { bytes, name: optionalText(name, "name"), type: optionalText(type, "type") };
  return await workOnImage(images, file, request, options);
}

async function searchVectors(
  { vectors }: Services,
  words: Words,
  options: JobOptions,
): Promise<ItemResult> {
  const { collection, vector, top_k: count = 5, ...rest } = words;
  refuseOthers(rest);
  if (typeof collection !== "string" || collection === "") {
    throw wrong("collection", "must be the name of a collection");
  }
  if (!Array.isArray(vector) || !vector.every((value) => typeof value === "number")) {
    throw wrong("vector", "must be a list of numbers");
  }
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1 || count > 1000) {
    throw wrong("top_k", "must be a whole number from 1 to 1000");
  }
  return { result: await vectors.search(collection, { vector, count }, options) };
}

/** Null for a text with anything else in it; `Buffer.from` would leave that out without a word. */
function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, "base64");
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const whole = text.length % 4 === 0 && bytes.length === (text.length / 4) * 3 - padding;
  return whole ? bytes : null;
}

function optionalText(value: unknown, key: string): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw wrong(key, "must be a text");
}

function refuseOthers(rest: Words): void {
  const [key] = Object.keys(rest);
  if (key !== undefined) throw wrong(key.slice(0, 50), "is nothing that this kind of item knows");
}

function unknownKind(kind: string, known: readonly string[]): InferenceError {
  return new InferenceError(
    "batch.item",
    `There is no kind "${kind.slice(0, 50)}".`,
    `The kinds are: ${known.join(", ")}.`,
  );
}

function wrong(key: string, must: string): InferenceError {
  return new InferenceError("batch.item", `"${key}" ${must}.`);
}
