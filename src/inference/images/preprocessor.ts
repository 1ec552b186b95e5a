import { readFile } from "node:fs/promises";
import type { ModelRecord } from "../models.ts";

/** What image processors of Hugging Face's transformers write in preprocessor_config.json. */
interface Preprocessor {
  size?: Side;
  crop_size?: Side;
  do_resize?: boolean;
  do_center_crop?: boolean;
  do_rescale?: boolean;
  rescale_factor?: number;
  do_normalize?: boolean;
  image_mean?: unknown;
  image_std?: unknown;
  /** As Pillow numbers its filters. */
  resample?: number;
}

type Side = number | { height?: number; width?: number; shortest_edge?: number };

const kernels: Record<number, string> = { 0: "nearest", 1: "lanczos3", 2: "linear", 3: "cubic" };

/**
 * The settings that the file `preprocessor_config.json` beside a model stands for, in the words of
 * the key `image` of config.yaml; empty without such a file.
 * @throws Error when the file cannot be read, or is not JSON
 */
export async function readPreprocessor(record: ModelRecord): Promise<Record<string, unknown>> {
  const processor = await readJson<Preprocessor>(record.files.preprocessor);
  if (processor === null) return {};
  return { ...scalingOf(processor), ...valuesOf(processor), ...(await outputOf(record)) };
}

function scalingOf(processor: Preprocessor): Record<string, unknown> {
  const { size, crop_size: crop, do_center_crop: cropped = false, resample = -1 } = processor;
  const kernel = kernels[resample];
  const scaling = kernel === undefined ? {} : { kernel };
  if (cropped && crop !== undefined) {
    const kept = sidesOf(crop);
    const edge = typeof size === "object" ? (size.shortest_edge ?? size.height) : size;
    if (kept === null) return scaling;
    const share = edge === undefined ? 1 : Math.min(kept.width, kept.height) / edge;
    return { ...scaling, size: kept, resize: "cover", crop: Math.min(share, 1) };
  }
  const whole = size === undefined ? null : sidesOf(size);
  return whole === null ? scaling : { ...scaling, size: whole, resize: "fill" };
}

/** Null where only one side is fixed: the other follows from each image, which is not served. */
function sidesOf(side: Side): { width: number; height: number } | null {
  if (typeof side === "number") return { width: side, height: side };
  const { height, width } = side;
  return height === undefined || width === undefined ? null : { width, height };
}

function valuesOf(processor: Preprocessor): Record<string, unknown> {
  const { do_rescale: rescale = true, rescale_factor: factor = 1 / 255 } = processor;
  const { do_normalize: normalize = true, image_mean: mean, image_std: std } = processor;
  return {
    scale: rescale ? factor : 1,
    ...(normalize && mean !== undefined ? { mean } : {}),
    ...(normalize && std !== undefined ? { std } : {}),
  };
}

/** Exports of classifiers give logits, of one label each or of several at once. */
async function outputOf({ task, files }: ModelRecord): Promise<Record<string, unknown>> {
  if (task !== "image-classification") return {};
  const config = await readJson<{ problem_type?: unknown }>(files.config);
  const several = config?.problem_type === "multi_label_classification";
  return { output: "logits", activation: several ? "sigmoid" : "softmax" };
}

async function readJson<Content>(file: string | undefined): Promise<Content | null> {
  if (file === undefined) return null;
  return JSON.parse(await readFile(file, "utf8")) as Content;
}
