import type { JobOptions } from "../inference/batch-queue.ts";
import { InferenceError } from "../inference/inference-error.ts";
import type { Thumbnail, ThumbnailFormat } from "../inference/images/description.ts";
import type { ImageFile } from "../inference/images/image-format.ts";
import type { ModelRecord } from "../inference/models.ts";
import type { ImageTask } from "../inference/tasks/image.ts";

export const imageTasks = ["properties", "statistics", "thumbnail", "classify", "detect"] as const;

/** What is asked of an image. In forms and queries every value is text, numbers too. */
export interface ImageRequest {
  task: (typeof imageTasks)[number];
  /** Longest side of a thumbnail, or its box as `WIDTHxHEIGHT`. */
  size?: string | number | undefined;
  format?: string | undefined;
  model?: string | undefined;
  top_k?: string | number | undefined;
  threshold?: string | number | undefined;
}

export const thumbnailFormats = ["jpeg", "png", "webp"] as const;

/** Sides of a thumbnail, in pixels. */
const sides = { least: 1, most: 2048, usual: 256 };

/** Which keys a task reads; any other is a mistake of the caller. */
const keys: Record<ImageRequest["task"], readonly (keyof ImageRequest)[]> = {
  properties: ["task"],
  statistics: ["task"],
  thumbnail: ["task", "size", "format"],
  classify: ["task", "model", "top_k"],
  detect: ["task", "model", "threshold"],
};

/**
 * Checks the words of a request before its image is looked at.
 * @throws InferenceError `image.input`
 */
export function readImageRequest(given: Readonly<Record<string, unknown>>): ImageRequest {
  const task = imageTasks.find((one) => one === given["task"]);
  if (task === undefined) throw wrong("task", `must be one of: ${imageTasks.join(", ")}`);
  for (const [key, value] of Object.entries(given)) {
    if (!keys[task].some((one) => one === key)) {
      throw wrong(key.slice(0, 50), `is nothing that the task "${task}" knows`);
    }
    if (typeof value !== "string" && typeof value !== "number") throw wrong(key, "must be a word");
  }
  const request = { ...given, task } as ImageRequest;
  boxOf(request);
  formatOf(request);
  countOf(request);
  thresholdOf(request);
  return request;
}

/**
 * The answer's `result`, and the model that gave it where one did.
 * @param request as `readImageRequest` gave it
 */
export async function workOnImage(
  images: ImageTask,
  file: ImageFile,
  request: ImageRequest,
  options: JobOptions,
): Promise<{ model?: object; result: object }> {
  const { task, model } = request;
  switch (task) {
    case "properties":
      return { result: await images.properties(file, options) };
    case "statistics":
      return { result: await images.statistics(file, options) };
    case "thumbnail": {
      const { data, ...rest } = await makeThumbnail(images, file, request, options);
      return { result: { ...rest, bytes: data.length, data: data.toString("base64") } };
    }
    case "classify": {
      const seen = await images.classify(file, { model, count: countOf(request) }, options);
      return { model: nameOf(seen.model), result: { ...seen.top[0], top: seen.top } };
    }
    case "detect": {
      const threshold = thresholdOf(request);
      const seen = await images.detect(file, { model, threshold }, options);
      const { image, detections } = seen;
      return { model: nameOf(seen.model), result: { image, detections } };
    }
  }
}

/** @param format what the caller would like, when the request does not say */
export async function makeThumbnail(
  images: ImageTask,
  file: ImageFile,
  request: ImageRequest,
  options: JobOptions,
  format?: ThumbnailFormat,
): Promise<Thumbnail> {
  const chosen = formatOf(request) ?? format;
  return await images.thumbnail(file, boxOf(request), chosen, options);
}

function nameOf({ name, version }: ModelRecord): object {
  return { name, version };
}

function boxOf({ size = sides.usual }: ImageRequest): { width: number; height: number } {
  const [, first, second] = /^(\d{1,4})(?:x(\d{1,4}))?$/.exec(String(size)) ?? [];
  const width = Number(first);
  const height = Number(second ?? first);
  const fits = (side: number): boolean => side >= sides.least && side <= sides.most;
  if (fits(width) && fits(height)) return { width, height };
  throw wrong("size", `must be a side of ${sides.least} to ${sides.most}, such as 128 or 128x96`);
}

function formatOf({ format }: ImageRequest): ThumbnailFormat | undefined {
  if (format === undefined) return undefined;
  const known = thumbnailFormats.find((one) => one === format);
  if (known !== undefined) return known;
  throw wrong("format", `must be one of: ${thumbnailFormats.join(", ")}`);
}

function countOf({ top_k: count = 5 }: ImageRequest): number {
  const value = Number(count);
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value;
  throw wrong("top_k", "must be a whole number from 1 to 1000");
}

function thresholdOf({ threshold }: ImageRequest): number | undefined {
  if (threshold === undefined) return undefined;
  const value = threshold === "" ? NaN : Number(threshold);
  if (value >= 0 && value <= 1) return value;
  throw wrong("threshold", "must be a number from 0 to 1");
}

function wrong(key: string, must: string): InferenceError {
  return new InferenceError("image.input", `"${key}" ${must}.`);
}
