import type { Tensor } from "../tensor.ts";
import type { Size } from "./description.ts";
import type { OpenedImage } from "./image-decoder.ts";
import type { ImageSettings } from "./image-model.ts";

/** Where the upright image lies in a model's input: `input = image * scale + offset`, in pixels. */
export interface Placement {
  scale: { x: number; y: number };
  offset: { x: number; y: number };
  /** Size of the upright image. */
  image: Size;
}

/** The image as the model wants it, one byte for each channel, and where it lies in that. */
export async function pixelsOf(
  image: OpenedImage,
  settings: ImageSettings,
): Promise<{ pixels: Buffer; placement: Placement }> {
  const { size, resize, kernel } = settings;
  const [r, g, b] = settings.background;
  const background = { r, g, b };
  const scaled = scaledSize(settings);
  const pixels = await image
    .upright()
    .flatten({ background })
    .resize(scaled.width, scaled.height, { fit: resize, kernel, background })
    .extract({ ...cutOf(scaled, size), ...size })
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer();
  const { width, height } = image.metadata.autoOrient;
  return { pixels, placement: place({ width, height }, settings) };
}

type Geometry = Pick<ImageSettings, "size" | "resize" | "crop">;

/** What an image is scaled to before the middle is cut out. */
function scaledSize({ size, resize, crop }: Geometry): Size {
  if (resize !== "cover") return size;
  return { width: Math.round(size.width / crop), height: Math.round(size.height / crop) };
}

function cutOf(scaled: Size, size: Size): { left: number; top: number } {
  return {
    left: Math.floor((scaled.width - size.width) / 2),
    top: Math.floor((scaled.height - size.height) / 2),
  };
}

/** As libvips lays an image out: a covering one is cut, a contained one padded, around its middle. */
export function place(image: Size, settings: Geometry): Placement {
  const scaled = scaledSize(settings);
  const cut = cutOf(scaled, settings.size);
  const x = scaled.width / image.width;
  const y = scaled.height / image.height;
  if (settings.resize === "fill") return { scale: { x, y }, offset: { x: 0, y: 0 }, image };
  const scale = settings.resize === "cover" ? Math.max(x, y) : Math.min(x, y);
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  return {
    scale: { x: width / image.width, y: height / image.height },
    offset: {
      x: Math.floor((scaled.width - width) / 2) - cut.left,
      y: Math.floor((scaled.height - height) / 2) - cut.top,
    },
    image,
  };
}

/**
 * The model's input of one row: [1, 3, height, width] or [1, height, width, 3].
 * @param pixels red, green and blue of each pixel, rows from the top
 */
export function pixelTensor(pixels: Uint8Array, settings: ImageSettings): Tensor {
  const { size, layout, order, type } = settings;
  const area = size.width * size.height;
  const [stride, step] = layout === "NCHW" ? [area, 1] : [1, 3];
  const data = type === "uint8" ? new Uint8Array(3 * area) : new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    const values = channelValues(settings, channel);
    const source = order === "RGB" ? channel : 2 - channel;
    let target = channel * stride;
    for (let index = source; index < pixels.length; index += 3, target += step) {
      data[target] = values[pixels[index] as number] as number;
    }
  }
  const sides = [size.height, size.width];
  return { type, dims: layout === "NCHW" ? [1, 3, ...sides] : [1, ...sides, 3], data };
}

/** What each byte of a channel becomes; a model that takes bytes normalises by itself. */
function channelValues({ type, scale, mean, std }: ImageSettings, channel: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, byte) => {
    if (type === "uint8") return byte;
    return (byte * scale - (mean[channel] as number)) / (std[channel] as number);
  });
}
