import { InferenceError } from "../inference-error.ts";

export type ImageFormat = "avif" | "gif" | "jpeg" | "png" | "webp";

/** An image as somebody sent it. */
export interface ImageFile {
  bytes: Buffer;
  /** The file's name, without a folder. */
  name?: string | undefined;
  /** The content type it was sent with. */
  type?: string | undefined;
}

interface Names {
  types: readonly string[];
  extensions: readonly string[];
}

const names: Record<ImageFormat, Names> = {
  avif: { types: ["image/avif"], extensions: ["avif"] },
  gif: { types: ["image/gif"], extensions: ["gif"] },
  jpeg: { types: ["image/jpeg", "image/jpg", "image/pjpeg"], extensions: ["jpg", "jpeg", "jpe"] },
  png: { types: ["image/png", "image/apng"], extensions: ["png", "apng"] },
  webp: { types: ["image/webp"], extensions: ["webp"] },
};

/** Content types that say nothing of what the bytes are. */
const silentTypes = ["", "application/octet-stream", "image/*"];

/**
 * The format that the bytes are of; the name and the content type must not say otherwise.
 * @throws InferenceError `image.empty`, `image.format`, `image.name`, `image.mismatch`
 */
export function formatOf({ bytes, name, type }: ImageFile): ImageFormat {
  if (bytes.length === 0) throw new InferenceError("image.empty", "The image has no bytes.");
  const extension = name === undefined ? null : extensionOf(name);
  const format = recognise(bytes);
  if (format === null) {
    throw new InferenceError(
      "image.format",
      "The bytes are of no image format that is taken here.",
      `Send one of: ${Object.keys(names).join(", ")}.`,
    );
  }
  if (extension !== null && !names[format].extensions.includes(extension)) {
    throw mismatch(format, `the name ends in ".${extension}"`);
  }
  const essence = (type ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (!silentTypes.includes(essence) && !names[format].types.includes(essence)) {
    throw mismatch(format, `the content type is "${essence.slice(0, 100)}"`);
  }
  return format;
}

/** The content type of an image of that format. */
export function contentType(format: ImageFormat): string {
  return `image/${format}`;
}

/** Reads the signature at the start of the file; null when it is none of a known format. */
function recognise(bytes: Buffer): ImageFormat | null {
  const text = (start: number, end: number): string => bytes.toString("latin1", start, end);
  if (text(0, 3) === "\xff\xd8\xff") return "jpeg";
  if (text(0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (text(0, 6) === "GIF87a" || text(0, 6) === "GIF89a") return "gif";
  if (text(0, 4) === "RIFF" && text(8, 12) === "WEBP") return "webp";
  // ISO/IEC 14496-12: the brands of the file type box, the major one and the compatible ones.
  if (text(4, 8) === "ftyp" && bytes.length >= 16) {
    const end = Math.min(bytes.readUInt32BE(0), bytes.length, 256);
    for (let start = 8; start < end; start += 4) {
      if (["avif", "avis"].includes(text(start, start + 4))) return "avif";
    }
  }
  return null;
}

/** @throws InferenceError `image.name`; `image.format` for an extension that is not on the list */
function extensionOf(name: string): string {
  if (/\p{Cc}/u.test(name) || /[/\\]/.test(name) || name === ".." || name.length > 255) {
    throw new InferenceError(
      "image.name",
      "The file's name is not a plain name: it has a folder or control characters in it.",
      "Send the name alone, such as photo.jpg.",
    );
  }
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  const known = Object.values(names).flatMap(({ extensions }) => extensions);
  if (known.includes(extension)) return extension;
  throw new InferenceError(
    "image.format",
    extension === ""
      ? "The file's name has no extension."
      : `Files whose names end in ".${extension.slice(0, 20)}" are not taken here.`,
    `Name the file with one of: ${known.join(", ")}.`,
  );
}

function mismatch(format: ImageFormat, claim: string): InferenceError {
  return new InferenceError(
    "image.mismatch",
    `The bytes are of a ${format.toUpperCase()} image, but ${claim}.`,
    "Send the image with the name and the content type of what it is.",
  );
}
