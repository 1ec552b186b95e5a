import { reasonOf } from "../../errors.ts";
import { InferenceError } from "../inference-error.ts";
import type { ModelPool } from "../model-pool.ts";
import type { LoadedModel } from "../model.ts";
import type { ModelRecord } from "../models.ts";
import type { Size } from "./description.ts";
import { readPreprocessor } from "./preprocessor.ts";

export type ImageModelTask = "image-classification" | "object-detection";

export type Activation = "none" | "softmax" | "sigmoid";

/** How a detection model writes its boxes down. */
export interface BoxSettings {
  /** Output [N, boxes, 4]. */
  boxes: string;
  /** Output [N, boxes, classes], or [N, boxes] beside `classes`. */
  scores: string;
  /** Output [N, boxes] with the index of each box's class. */
  classes?: string | undefined;
  /** One output [N, 4 + classes, boxes] or [N, boxes, 4 + classes], instead of the three above. */
  predictions?: string | undefined;
  /** Corners; centre and size; or the upper left corner and size. */
  format: "xyxy" | "cxcywh" | "xywh";
  /** Coordinates are shares of the input's sides instead of its pixels. */
  normalized: boolean;
  activation: Activation;
}

/** What the key `image` of a model's config.yaml says: how an image becomes the model's input. */
export interface ImageSettings {
  size: Size;
  resize: "fill" | "cover" | "contain";
  /** Of an image that is to cover the input, the share of its shorter side that is kept. */
  crop: number;
  kernel: "nearest" | "linear" | "cubic" | "lanczos3";
  /** Colour of what an image does not fill, and behind transparent ones; 0 to 255. */
  background: readonly [number, number, number];
  /** What a channel's value is multiplied by before the mean is taken away. Default: 1/255. */
  scale: number;
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
  layout: "NCHW" | "NHWC";
  order: "RGB" | "BGR";
  type: "float32" | "uint8";
  input?: string | undefined;
  output?: string | undefined;
  activation: Activation;
  /** Lowest score of a detection. */
  threshold: number;
  /** Overlap (intersection over union) beyond which the lesser of two boxes of a class is dropped. */
  overlap: number;
  /** Most detections of an answer. */
  limit: number;
  detection: BoxSettings;
}

const known = new WeakMap<ModelRecord, Promise<ImageSettings>>();

/**
 * The model of that name, or the first that is for the task.
 * @throws InferenceError `model.missing`
 */
export function findImageModel(
  pool: ModelPool,
  task: ImageModelTask,
  name: string | undefined,
): LoadedModel {
  const model =
    name === undefined ? pool.all().find(({ record }) => record.task === task) : pool.find(name);
  if (model?.record.task === task) return model;
  throw new InferenceError(
    "model.missing",
    name === undefined
      ? `No model for the task "${task}" is installed.`
      : `No model "${name.slice(0, 100)}" for the task "${task}" is installed.`,
    `Put one at models/<name>/<version>/model.onnx, and beside it a config.yaml with "task: ${task}", its "labels" and "image".`,
  );
}

/** @throws InferenceError `model.unfit` when the configuration does not fit the task */
export function imageSettings({ record }: LoadedModel): Promise<ImageSettings> {
  const settings = known.get(record) ?? read(record);
  known.set(record, settings);
  return settings;
}

async function read(record: ModelRecord): Promise<ImageSettings> {
  const { z } = await import("zod");
  const side = z.int().min(1).max(4096);
  const triple = z.tuple([z.number(), z.number(), z.number()]);
  const byte = z.int().min(0).max(255);
  const share = z.number().min(0).max(1);
  const output = z.string().min(1);
  const activation = z.enum(["none", "softmax", "sigmoid"]);
  const detecting = record.task === "object-detection";
  const schema = z.strictObject({
    size: z.union([
      side.transform((length) => ({ width: length, height: length })),
      z.strictObject({ width: side, height: side }),
    ]),
    resize: z.enum(["fill", "cover", "contain"]).default(detecting ? "contain" : "cover"),
    crop: z.number().min(0.1).max(1).default(1),
    kernel: z.enum(["nearest", "linear", "cubic", "lanczos3"]).default("linear"),
    background: z.tuple([byte, byte, byte]).default([0, 0, 0]),
    scale: z.number().default(1 / 255),
    mean: triple.default([0, 0, 0]),
    std: triple.refine((values) => !values.includes(0), "must not hold a zero").default([1, 1, 1]),
    layout: z.enum(["NCHW", "NHWC"]).default("NCHW"),
    order: z.enum(["RGB", "BGR"]).default("RGB"),
    type: z.enum(["float32", "uint8"]).default("float32"),
    input: output.optional(),
    output: output.optional(),
    activation: activation.default("none"),
    threshold: share.default(0.25),
    overlap: share.default(0.5),
    limit: z.int().min(1).max(1000).default(100),
    detection: z
      .strictObject({
        boxes: output.default("boxes"),
        scores: output.default("scores"),
        classes: output.optional(),
        predictions: output.optional(),
        format: z.enum(["xyxy", "cxcywh", "xywh"]).default("xyxy"),
        normalized: z.boolean().default(false),
        activation: activation.default("none"),
      })
      .prefault({}),
  });
  const checked = schema.safeParse(await givenSettings(record));
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw unfit(record, `${["image", ...(issue?.path ?? [])].join(".")}: ${issue?.message}`);
  }
  if (record.labels.length === 0) throw unfit(record, "it lists no labels");
  return checked.data;
}

/** What config.yaml says, before what the model's own preprocessor does. */
async function givenSettings(record: ModelRecord): Promise<unknown> {
  const own = record.configuration["image"] ?? {};
  if (typeof own !== "object") return own;
  try {
    return { ...(await readPreprocessor(record)), ...own };
  } catch (error) {
    throw unfit(record, `its preprocessor_config.json cannot be used: ${reasonOf(error)}`);
  }
}

/** A model that is not as its configuration says. */
export function unfit({ name, task }: ModelRecord, reason: string): InferenceError {
  return new InferenceError(
    "model.unfit",
    `The model "${name}" does not fit the task "${task}": ${reason}.`,
    "Correct the config.yaml beside the model.",
  );
}
