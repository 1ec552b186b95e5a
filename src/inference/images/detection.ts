import type { Label } from "../model-config.ts";
import type { Tensor, Tensors } from "../tensor.ts";
import { activate } from "./classification.ts";
import type { BoxSettings, ImageSettings } from "./image-model.ts";
import type { Placement } from "./pixel-tensor.ts";

export interface Box {
  /** Pixels of the upright image, from its upper left corner. */
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Detection {
  /** The label's code. */
  label: string;
  name: string;
  score: number;
  box: Box;
}

interface Candidate {
  label: number;
  score: number;
  /** Four values as the model wrote them. */
  values: readonly number[];
}

/** Candidates that are compared with one another, the highest scores of each answer. */
const mostCandidates = 2000;

/**
 * The objects in the answer of a detection model, the surest first.
 * @throws Error when the outputs are not as the settings say
 */
export function readDetections(
  outputs: Tensors,
  labels: readonly Label[],
  settings: ImageSettings,
  placement: Placement,
): Detection[] {
  const { detection } = settings;
  const candidates =
    detection.predictions === undefined
      ? fromBoxes(outputs, detection, settings.threshold)
      : fromPredictions(outputs, detection, labels.length, settings.threshold);
  const found = candidates
    .toSorted((one, other) => other.score - one.score)
    .slice(0, mostCandidates)
    .flatMap(({ label, score, values }) => {
      const box = toImage(corners(values, detection), settings, placement);
      const { code, name } = labels[label] ?? { code: null, name: "" };
      // A class without a label is the background, by convention of many models.
      if (code === null || !(box.right > box.left && box.bottom > box.top)) return [];
      return [{ label: code, name, score, box }];
    });
  return suppress(found, settings.overlap).slice(0, settings.limit);
}

/** Non-maximum suppression: of boxes of a label that overlap too much, the surest stays. */
export function suppress(sorted: readonly Detection[], overlap: number): Detection[] {
  const kept: Detection[] = [];
  for (const one of sorted) {
    const covered = kept.some(
      (other) => other.label === one.label && intersectionOverUnion(other.box, one.box) > overlap,
    );
    if (!covered) kept.push(one);
  }
  return kept;
}

export function intersectionOverUnion(one: Box, other: Box): number {
  const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  const common = Math.max(0, width) * Math.max(0, height);
  return common / (area(one) + area(other) - common);
}

function area({ left, top, right, bottom }: Box): number {
  return (right - left) * (bottom - top);
}

function fromBoxes(outputs: Tensors, settings: BoxSettings, threshold: number): Candidate[] {
  const boxes = numbers(outputs, settings.boxes);
  const scores = numbers(outputs, settings.scores);
  const count = boxes.values.length / 4;
  const width = scores.values.length / count;
  if (!Number.isInteger(count) || (count > 0 && !(Number.isInteger(width) && width > 0))) {
    throw new Error(
      `the outputs "${settings.boxes}" [${boxes.dims.join(", ")}] and "${settings.scores}" [${scores.dims.join(", ")}] do not fit`,
    );
  }
  const classes = settings.classes === undefined ? null : numbers(outputs, settings.classes);
  const found: Candidate[] = [];
  for (let row = 0; row < count; row++) {
    const own = activate(
      scores.values.subarray(row * width, (row + 1) * width),
      settings.activation,
    );
    const best = indexOfHighest(own);
    const score = own[best] as number;
    if (!(score >= threshold)) continue;
    const label = classes === null ? best : (classes.values[row] ?? -1);
    found.push({ label, score, values: [...boxes.values.subarray(row * 4, row * 4 + 4)] });
  }
  return found;
}

function fromPredictions(
  outputs: Tensors,
  settings: BoxSettings,
  labels: number,
  threshold: number,
): Candidate[] {
  const { dims, values } = numbers(outputs, settings.predictions ?? "");
  const width = 4 + labels;
  const [one = 0, other = 0] = dims.slice(-2);
  if (one !== width && other !== width) {
    throw new Error(
      `the output "${settings.predictions}" [${dims.join(", ")}] has no dimension of 4 + ${labels} labels`,
    );
  }
  // [boxes, width] lies row by row; [width, boxes] column by column.
  const byRow = other === width;
  const count = byRow ? one : other;
  const at = (row: number, column: number): number =>
    values[byRow ? row * width + column : column * count + row] as number;
  const found: Candidate[] = [];
  for (let row = 0; row < count; row++) {
    const raw = Float32Array.from({ length: labels }, (_, label) => at(row, 4 + label));
    const own = activate(raw, settings.activation);
    const label = indexOfHighest(own);
    const score = own[label] as number;
    if (score >= threshold) {
      found.push({ label, score, values: [at(row, 0), at(row, 1), at(row, 2), at(row, 3)] });
    }
  }
  return found;
}

function corners(values: readonly number[], { format }: BoxSettings): Box {
  const [a = 0, b = 0, c = 0, d = 0] = values;
  if (format === "xyxy") return { left: a, top: b, right: c, bottom: d };
  if (format === "xywh") return { left: a, top: b, right: a + c, bottom: b + d };
  return { left: a - c / 2, top: b - d / 2, right: a + c / 2, bottom: b + d / 2 };
}

/** From the model's input to the upright image, cut at its borders. */
function toImage(box: Box, settings: ImageSettings, { scale, offset, image }: Placement): Box {
  const { size, detection } = settings;
  const unit = detection.normalized ? size : { width: 1, height: 1 };
  const x = (value: number): number => {
    const place = (value * unit.width - offset.x) / scale.x;
    return Math.min(Math.max(place, 0), image.width);
  };
  const y = (value: number): number => {
    const place = (value * unit.height - offset.y) / scale.y;
    return Math.min(Math.max(place, 0), image.height);
  };
  return { left: x(box.left), top: y(box.top), right: x(box.right), bottom: y(box.bottom) };
}

function numbers(
  outputs: Tensors,
  name: string,
): { dims: readonly number[]; values: Float32Array } {
  const tensor: Tensor | undefined = outputs[name];
  if (tensor === undefined) throw new Error(`it has no output "${name}"`);
  const { data, dims } = tensor;
  if (data instanceof Float32Array) return { dims, values: data };
  return { dims, values: Float32Array.from(data as ArrayLike<number | bigint>, Number) };
}

function indexOfHighest(values: Float32Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) {
    if ((values[index] as number) > (values[best] as number)) best = index;
  }
  return best;
}
