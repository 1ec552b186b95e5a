import type { JobOptions } from "../batch-queue.ts";
import { InferenceError } from "../inference-error.ts";
import { activate, highest, type Classification } from "../images/classification.ts";
import {
  propertiesOf,
  statisticsOf,
  thumbnailOf,
  type ImageProperties,
  type ImageStatistics,
  type Size,
  type Thumbnail,
  type ThumbnailFormat,
} from "../images/description.ts";
import { readDetections, type Detection } from "../images/detection.ts";
import type { ImageDecoder } from "../images/image-decoder.ts";
import type { ImageFile } from "../images/image-format.ts";
import {
  findImageModel,
  imageSettings,
  unfit,
  type ImageModelTask,
  type ImageSettings,
} from "../images/image-model.ts";
import { pixelsOf, pixelTensor, type Placement } from "../images/pixel-tensor.ts";
import type { ModelPool } from "../model-pool.ts";
import type { LoadedModel } from "../model.ts";
import type { ModelRecord } from "../models.ts";
import type { Tensor, Tensors } from "../tensor.ts";

export interface Classified {
  model: ModelRecord;
  /** The likeliest, the likeliest first. */
  top: Classification[];
}

export interface Detected {
  model: ModelRecord;
  /** Size of the image, upright, that the boxes lie in. */
  image: Size;
  detections: Detection[];
}

interface Answer {
  model: LoadedModel;
  settings: ImageSettings;
  outputs: Tensors;
  placement: Placement;
}

/** Works on images: what they are, how they look, and what models see in them. */
export class ImageTask {
  private readonly pool: ModelPool;
  private readonly decoder: ImageDecoder;

  constructor(pool: ModelPool, decoder: ImageDecoder) {
    this.pool = pool;
    this.decoder = decoder;
  }

  /** To be asked before an image is read. @throws InferenceError `inference.queue.full` */
  refuseWhenFull(bytes: number): void {
    this.decoder.refuseWhenFull(bytes);
  }

  /** @throws InferenceError `image.…` and what `ImageDecoder.decode` throws, as all below */
  async properties(file: ImageFile, options: JobOptions): Promise<ImageProperties> {
    return await this.decoder.decode(file, options, async (image) => propertiesOf(image));
  }

  async statistics(file: ImageFile, options: JobOptions): Promise<ImageStatistics> {
    return await this.decoder.decode(file, options, statisticsOf);
  }

  async thumbnail(
    file: ImageFile,
    box: Size,
    format: ThumbnailFormat | undefined,
    options: JobOptions,
  ): Promise<Thumbnail> {
    return await this.decoder.decode(file, options, (image) => thumbnailOf(image, box, format));
  }

  /**
   * The `count` likeliest labels. The model's output has one value for each label.
   * @throws InferenceError `model.missing`, `model.unfit`, and what `LoadedModel.infer` throws
   */
  async classify(
    file: ImageFile,
    { model: name, count }: { model: string | undefined; count: number },
    options: JobOptions,
  ): Promise<Classified> {
    const { model, settings, outputs } = await this.see(
      "image-classification",
      name,
      file,
      options,
    );
    const { record } = model;
    const output = settings.output ?? Object.keys(outputs)[0] ?? "";
    const values = outputs[output];
    if (!(values?.data instanceof Float32Array) || values.data.length !== record.labels.length) {
      throw unfit(
        record,
        `its output "${output}" has the shape [${values?.dims.join(", ") ?? ""}], not a float for each of ${record.labels.length} labels`,
      );
    }
    const scores = activate(values.data, settings.activation);
    return { model: record, top: highest(scores, record.labels, count) };
  }

  /**
   * The objects whose scores reach the threshold, the surest first.
   * @throws InferenceError `model.missing`, `model.unfit`, and what `LoadedModel.infer` throws
   */
  async detect(
    file: ImageFile,
    { model: name, threshold }: { model: string | undefined; threshold: number | undefined },
    options: JobOptions,
  ): Promise<Detected> {
    const answer = await this.see("object-detection", name, file, options);
    const { record } = answer.model;
    const settings = { ...answer.settings, threshold: threshold ?? answer.settings.threshold };
    const { outputs, placement } = answer;
    let detections: Detection[];
    try {
      detections = readDetections(outputs, record.labels, settings, placement);
    } catch (error) {
      throw unfit(record, error instanceof Error ? error.message : String(error));
    }
    return { model: record, image: placement.image, detections };
  }

  private async see(
    task: ImageModelTask,
    name: string | undefined,
    file: ImageFile,
    options: JobOptions,
  ): Promise<Answer> {
    const deadline = performance.now() + options.timeout;
    const model = findImageModel(this.pool, task, name);
    const settings = await imageSettings(model);
    const { pixels, placement } = await this.decoder.decode(file, options, (image) =>
      pixelsOf(image, settings),
    );
    const left = deadline - performance.now();
    if (left <= 0) {
      throw new InferenceError("inference.deadline", "No time was left after decoding the image.");
    }
    const input = pixelTensor(pixels, settings);
    const outputs = await model.infer(feedsOf(model, settings, input), {
      ...options,
      timeout: left,
    });
    return { model, settings, outputs, placement };
  }
}

/** @throws InferenceError `model.unfit` when the model's input is not of that shape */
function feedsOf(
  { inputs, record }: LoadedModel,
  settings: ImageSettings,
  tensor: Tensor,
): Tensors {
  const name = settings.input ?? inputs[0]?.name ?? "";
  const input = inputs.find((one) => one.name === name);
  // A model that is not ready has no inputs yet, and says so itself.
  if (inputs.length === 0) return { [name]: tensor };
  const fits =
    input?.type === tensor.type &&
    input.dims.length === tensor.dims.length &&
    input.dims.every(
      (size, index) => !(typeof size === "number" && size > 0) || size === tensor.dims[index],
    );
  if (fits) return { [name]: tensor };
  const shape = `${tensor.type} [${tensor.dims.join(", ")}]`;
  const own = input === undefined ? "is missing" : `is ${input.type} [${input.dims.join(", ")}]`;
  throw unfit(record, `its input "${name}" ${own}, and the settings make ${shape}`);
}
