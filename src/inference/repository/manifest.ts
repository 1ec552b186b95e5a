import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { isAbsolute, join, normalize, relative } from "node:path";
import { StudioError, exitCodes, reasonOf, systemCode } from "../../errors.ts";
import { sizeOf, unreadable } from "./locate.ts";

/** Which hash each file must have. */
export interface Manifest {
  /** Absolute path of the manifest. */
  file: string;
  /** SHA-256 in lower-case hexadecimal by absolute path. */
  hashes: Map<string, string>;
}

/** In the order they are looked for: as `sha256sum` writes it, and as JSON. */
export const manifestNames = ["SHA256SUMS", "manifest.json"] as const;

/**
 * The manifest of a version: in its folder, else in that of the model, of which the lines about
 * the version's own files count. Null when there is none.
 * @throws StudioError `model.manifest` when it cannot be read, or names files outside its folder
 */
export async function readManifest(folder: string, root: string): Promise<Manifest | null> {
  for (const place of new Set([folder, root])) {
    for (const name of manifestNames) {
      const file = join(place, name);
      const text = await readText(file);
      if (text === null) continue;
      const pairs = name === "SHA256SUMS" ? readSums(file, text) : readJson(file, text);
      const inside = pairs
        .map(([path, hash]) => [resolveInside(place, path, file), hash] as const)
        .filter(([path]) => place === folder || !relative(folder, path).startsWith(".."));
      return { file, hashes: new Map(inside) };
    }
  }
  return null;
}

/**
 * Compares every file that the manifest names.
 * @param known hashes that were computed already, by absolute path
 * @throws StudioError `model.manifest`
 */
export async function checkManifest(
  { file, hashes }: Manifest,
  modelFile: string,
  known: ReadonlyMap<string, string>,
): Promise<void> {
  if (!hashes.has(modelFile)) throw mismatch(file, `it does not name ${modelFile}`);
  for (const [path, expected] of hashes) {
    if ((await sizeOf(path)) === null) throw mismatch(file, `${path} is missing`);
    const actual = known.get(path) ?? (await hashFile(path));
    if (actual === expected) continue;
    throw mismatch(file, `${path} has the SHA-256 ${actual}, not ${expected}`);
  }
}

/** SHA-256 of a file, lower-case hexadecimal. @throws StudioError `model.unreadable` */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
      hash.update(chunk as Buffer);
    }
  } catch (error) {
    throw unreadable(file, reasonOf(error), error);
  }
  return hash.digest("hex");
}

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw mismatch(file, `it cannot be read: ${reasonOf(error)}`, error);
  }
}

/** Lines of `sha256sum`: the hash, two spaces (or a space and an asterisk), the path. */
function readSums(file: string, text: string): [string, string][] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line, index) => {
      const [, hash, path] = /^([0-9a-fA-F]{64}) [ *](.+)$/.exec(line) ?? [];
      if (hash === undefined || path === undefined) {
        throw mismatch(file, `line ${index + 1} is no line of sha256sum`);
      }
      return [path, hash.toLowerCase()];
    });
}

/** `{"model.onnx": "<hash>"}` or `{"files": {"model.onnx": {"sha256": "<hash>"}}}`. */
function readJson(file: string, text: string): [string, string][] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw mismatch(file, `it is not JSON: ${reasonOf(error)}`, error);
  }
  const outer = asRecord(value);
  const files = asRecord(outer?.["files"]) ?? outer;
  if (files === null) throw mismatch(file, "it is no object of files and hashes");
  return Object.entries(files).map(([path, entry]) => {
    const hash = asRecord(entry)?.["sha256"] ?? entry;
    if (typeof hash === "string" && /^[0-9a-fA-F]{64}$/.test(hash))
      return [path, hash.toLowerCase()];
    throw mismatch(file, `"${path}" has no SHA-256 of 64 hexadecimal digits`);
  });
}

function asRecord(value: unknown): Record<string, unknown> | null {
  const plain = typeof value === "object" && value !== null && !Array.isArray(value);
  return plain ? (value as Record<string, unknown>) : null;
}

function resolveInside(folder: string, path: string, file: string): string {
  const place = normalize(path);
  if (isAbsolute(place) || place.split(/[\\/]/).includes("..")) {
    throw mismatch(file, `"${path}" leads out of the folder`);
  }
  return join(folder, place);
}

function mismatch(file: string, reason: string, cause?: unknown): StudioError {
  return new StudioError({
    code: "model.manifest",
    message: `The manifest ${file} does not fit: ${reason}.`,
    hint: "Fetch the model again, or write the manifest anew: sha256sum model.onnx > SHA256SUMS.",
    exitCode: exitCodes.usage,
    cause,
  });
}
