import type { Metadata, Sharp, SharpOptions } from "sharp";
import { reasonOf } from "../../errors.ts";
import type { JobOptions } from "../batch-queue.ts";
import { InferenceError } from "../inference-error.ts";
import { DecodeQueue, type DecodeLimits } from "./decode-queue.ts";
import { formatOf, type ImageFile, type ImageFormat } from "./image-format.ts";

type Open = (bytes: Buffer, options?: SharpOptions) => Sharp;

export interface DecoderOptions extends DecodeLimits {
  /** Most pixels of an image, width times height. */
  pixels: number;
}

/** An image that was looked at, and can be decoded. */
export interface OpenedImage {
  format: ImageFormat;
  bytes: number;
  metadata: Metadata;
  /** A new pipeline that begins with the image's first page, upright. */
  upright(): Sharp;
  /** A pipeline that begins with pixels, one byte for each channel. */
  raw(pixels: Buffer, size: { width: number; height: number; channels: 3 | 4 }): Sharp;
}

/** Pages (frames) of one image; only the first is ever decoded, but all are counted. */
const mostPages = 1000;

/** The loaders that are needed: those of files that other programs make are closed. */
const loaders = ["Jpeg", "Png", "Webp", "Nsgif", "Heif"].map((name) => {
  return `VipsForeignLoad${name}Buffer`;
});

/** Decodes images that strangers sent, a few at once, within limits of size and time. */
export class ImageDecoder {
  private readonly options: DecoderOptions;
  private readonly queue: DecodeQueue;
  private library: Promise<Open> | null = null;

  constructor(options: DecoderOptions) {
    this.options = options;
    this.queue = new DecodeQueue(options);
  }

  /** Images that wait to be decoded. */
  get queued(): number {
    return this.queue.size;
  }

  /** To be asked before an image is read. @throws InferenceError `inference.queue.full` */
  refuseWhenFull(bytes: number): void {
    this.queue.refuseWhenFull(bytes);
  }

  /**
   * Gives the image to `work`, when it is its turn.
   * @throws InferenceError `image.…` for what cannot be decoded, `inference.queue.full`,
   * `inference.deadline`, `inference.cancelled`
   */
  async decode<Result>(
    file: ImageFile,
    options: JobOptions,
    work: (image: OpenedImage) => Promise<Result>,
  ): Promise<Result> {
    const format = formatOf(file);
    this.library ??= openLibrary();
    const open = await this.library;
    const { bytes } = file;
    const deadline = performance.now() + options.timeout;
    return await this.queue.run(bytes.length, options, async () => {
      try {
        // A whole number of seconds, and zero would be for ever.
        const seconds = Math.max(1, Math.ceil((deadline - performance.now()) / 1000));
        return await work(await this.look(open, bytes, format, seconds));
      } catch (error) {
        throw this.explain(error);
      }
    });
  }

  private async look(
    open: Open,
    bytes: Buffer,
    format: ImageFormat,
    seconds: number,
  ): Promise<OpenedImage> {
    const limits = { limitInputPixels: this.options.pixels, failOn: "truncated" } as const;
    const metadata = await open(bytes, limits).metadata();
    if ((metadata.pages ?? 1) > mostPages) {
      throw tooLarge(`It has ${metadata.pages} pages; ${mostPages} are allowed.`);
    }
    return {
      format,
      bytes: bytes.length,
      metadata,
      upright: () => open(bytes, { ...limits, autoOrient: true }).timeout({ seconds }),
      raw: (pixels, raw) => open(pixels, { ...limits, raw }),
    };
  }

  /** The library's own words are kept for damage alone; they name no paths or addresses. */
  private explain(error: unknown): unknown {
    if (error instanceof InferenceError || !(error instanceof Error)) return error;
    const reason = reasonOf(error);
    if (/pixel limit/i.test(reason)) {
      return tooLarge(`It has more than ${this.options.pixels} pixels.`);
    }
    if (reason.startsWith("timeout:")) {
      return new InferenceError("inference.deadline", "The image took too long to decode.");
    }
    const line = (reason.split("\n")[0] ?? "").replace(/^Input (buffer|image) /, "it ");
    return new InferenceError(
      "image.damaged",
      `The image cannot be decoded: ${line.slice(0, 200)}.`,
      "See whether the file is whole, and opens elsewhere.",
    );
  }
}

function tooLarge(reason: string): InferenceError {
  return new InferenceError("image.too_large", `The image is too large. ${reason}`);
}

async function openLibrary(): Promise<Open> {
  const { default: sharp } = await import("sharp");
  // One thread for each image, and nothing kept of it: how many there are is the queue's affair.
  sharp.concurrency(1);
  sharp.cache(false);
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: loaders });
  return sharp;
}
