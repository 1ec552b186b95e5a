import type { OpenedImage } from "./image-decoder.ts";
import { contentType, type ImageFormat } from "./image-format.ts";

export interface Size {
  width: number;
  height: number;
}

export interface ImageProperties extends Size {
  format: ImageFormat;
  bytes: number;
  /** Width and height of the image as it is shown, after its orientation. */
  upright: Size;
  channels: number;
  /** Bits of each channel. */
  depth: number;
  space: string;
  alpha: boolean;
  /** 1 to 8 as EXIF has it; null when the image does not say. */
  orientation: number | null;
  /** Pixels per inch; null when the image does not say. */
  density: number | null;
  /** Frames of an animation; 1 for a picture. */
  pages: number;
  animated: boolean;
}

export interface ChannelStatistics {
  name: "red" | "green" | "blue" | "alpha";
  /** 0 to 255, as the three below. */
  mean: number;
  deviation: number;
  min: number;
  max: number;
}

export interface ImageStatistics {
  /** Size of the thumbnail that was measured. */
  measured: Size;
  channels: ChannelStatistics[];
  /** The middle of the fullest of 16 × 16 × 16 boxes of colours, each 16 wide. */
  dominant: { red: number; green: number; blue: number };
  /** 0 (black) to 1: luma of ITU-R BT.709. */
  brightness: number;
  /** Standard deviation of the Laplacian: the higher the sharper. */
  sharpness: number;
  /** Of the grey values, in bits: 0 to 8. */
  entropy: number;
  opaque: boolean;
}

export type ThumbnailFormat = "jpeg" | "png" | "webp";

export interface Thumbnail extends Size {
  format: ThumbnailFormat;
  type: string;
  data: Buffer;
}

const depths: Record<string, number> = { uchar: 8, char: 8, ushort: 16, short: 16 };

/** Longest side of the thumbnail that statistics are taken of. */
const measuredSide = 256;

export function propertiesOf({ format, bytes, metadata }: OpenedImage): ImageProperties {
  const { width, height, autoOrient, channels, space, hasAlpha } = metadata;
  const pages = metadata.pages ?? 1;
  return {
    format,
    width,
    height,
    bytes,
    upright: { width: autoOrient.width, height: autoOrient.height },
    channels,
    depth: depths[metadata.depth] ?? 32,
    space,
    alpha: hasAlpha,
    orientation: metadata.orientation ?? null,
    density: metadata.density ?? null,
    pages,
    animated: pages > 1,
  };
}

/** Figures of a thumbnail of the first page, in sRGB, no side longer than 256 pixels. */
export async function statisticsOf(image: OpenedImage): Promise<ImageStatistics> {
  const fit = { fit: "inside", withoutEnlargement: true } as const;
  const { data, info } = await image
    .upright()
    .resize(measuredSide, measuredSide, fit)
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const channels = info.channels === 4 ? 4 : 3;
  const figures = await image.raw(data, { width, height, channels }).stats();
  const means = figures.channels.map(({ mean }) => mean);
  const [red = 0, green = 0, blue = 0] = means;
  const { r, g, b } = figures.dominant;
  const order = ["red", "green", "blue", "alpha"] as const;
  return {
    measured: { width, height },
    channels: figures.channels.map(({ mean, stdev, min, max }, index) => {
      return { name: order[index] ?? "alpha", mean, deviation: stdev, min, max };
    }),
    dominant: { red: r, green: g, blue: b },
    brightness: (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255,
    sharpness: figures.sharpness,
    entropy: figures.entropy,
    opaque: figures.isOpaque,
  };
}

/** The first page within a box, upright, without what the file said of camera and place. */
export async function thumbnailOf(
  image: OpenedImage,
  box: Size,
  format: ThumbnailFormat | undefined,
): Promise<Thumbnail> {
  const chosen = format ?? (image.metadata.hasAlpha ? "png" : "jpeg");
  const small = image
    .upright()
    .resize(box.width, box.height, { fit: "inside", withoutEnlargement: true })
    .toColourspace("srgb");
  // JPEG has no transparency; white is what pages have behind a picture.
  if (chosen === "jpeg") small.flatten({ background: "#ffffff" });
  const { data, info } = await small.toFormat(chosen).toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  return { format: chosen, type: contentType(chosen), width, height, data };
}
