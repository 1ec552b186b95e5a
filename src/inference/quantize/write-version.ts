import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { basename, dirname, extname, join } from "node:path";
import { StudioError, exitCodes, reasonOf, systemCode, usageError } from "../../errors.ts";
import { externalFiles, loadTensor, moveOut, openInside } from "../onnx/external-data.ts";
import type { ModelProto, TensorProto } from "../onnx/messages.ts";
import { maximumBytes, writeChunks, writeModel } from "../onnx/model-file.ts";
import { type SourceModel, placeIn } from "./locate-source.ts";

/** What may lie beside a model and be needed with it: tokenizers, labels, configurations. */
const companions = [".json", ".txt", ".yaml", ".yml", ".model", ".spm"];
/** They hold hashes of the files of the version that was copied. */
const manifests = ["SHA256SUMS", "manifest.json"];

/** A version that is written beside its place, and nobody serves yet. */
export interface StagedVersion {
  /** Absolute path of its model. */
  file: string;
  /** Of the model and what of its weights lies beside it. */
  bytes: number;
  /** Puts it in its place, in one step. */
  publish(): Promise<void>;
  discard(): Promise<void>;
}

/**
 * Writes a version's folder beside its place, under a hidden name.
 * @throws StudioError `model.unwritable`; `publish` also `usage` when something is in its place
 */
export async function stageVersion(
  source: SourceModel,
  destination: string,
  model: ModelProto,
): Promise<StagedVersion> {
  const folder = await mkdir(dirname(destination), { recursive: true })
    .then(() => mkdtemp(join(dirname(destination), `.${basename(destination)}-`)))
    .catch((error: unknown) => {
      throw unwritable(destination, error);
    });
  const discard = () => rm(folder, { recursive: true, force: true });
  try {
    await chmod(folder, 0o755);
    await copyCompanions(source.folder, folder);
    await writeFile(join(folder, "config.yaml"), await configuration(source));
    const file = join(folder, placeIn(source));
    await mkdir(dirname(file), { recursive: true });
    const bytes = await writeWeights(source, file, model);
    const publish = async (): Promise<void> => {
      requireFree(destination);
      await rename(folder, destination).catch((error: unknown) => {
        throw unwritable(destination, error);
      });
    };
    return { file, bytes, publish, discard };
  } catch (error) {
    await discard();
    throw systemCode(error) === undefined || error instanceof StudioError
      ? error
      : unwritable(destination, error);
  }
}

/** Bytes of a model and of the files its weights lie in. */
export async function bytesOfModel(file: string, model: ModelProto): Promise<number> {
  const files = [file, ...externalFiles(model).map((name) => join(dirname(file), name))];
  const sizes = await Promise.all(files.map(async (one) => (await stat(one)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Takes into the model what it keeps of weights beside the original, which leaves behind those that
 * became int8. What is too large for one file moves out again; tensors of subgraphs stay outside.
 */
async function writeWeights(source: SourceModel, file: string, model: ModelProto): Promise<number> {
  const from = dirname(source.file);
  let written = await takeIn(model, from);
  const others = externalFiles(written);
  for (const name of others) {
    const copy = join(dirname(file), name);
    await mkdir(dirname(copy), { recursive: true });
    const original = await openInside(from, name);
    await pipeline(original.createReadStream(), createWriteStream(copy, { flush: true }));
  }
  const weights = (written.graph?.initializer ?? []).map(({ rawData }) => rawData?.length ?? 0);
  if (weights.reduce((sum, bytes) => sum + bytes, 0) > maximumBytes * 0.9) {
    const usual = `${basename(file)}_data`;
    const name = others.includes(usual) ? `int8_${usual}` : usual;
    const moved = moveOut(written, name, 2 ** 20);
    await writeChunks(join(dirname(file), name), moved.chunks);
    written = moved.model;
  }
  await writeModel(file, written);
  return await bytesOfModel(file, written);
}

async function takeIn(model: ModelProto, folder: string): Promise<ModelProto> {
  if (model.graph === undefined) return model;
  const initializer: TensorProto[] = [];
  for (const tensor of model.graph.initializer) initializer.push(await loadTensor(tensor, folder));
  return { ...model, graph: { ...model.graph, initializer } };
}

async function copyCompanions(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const place = path.slice(from.length + 1);
    const hidden = place.split("/").some((part) => part.startsWith("."));
    if (!entry.isFile() || hidden || manifests.includes(entry.name)) continue;
    if (!companions.includes(extname(entry.name))) continue;
    await mkdir(dirname(join(to, place)), { recursive: true });
    await copyFile(path, join(to, place));
  }
}

/** The configuration of the source, with a note of what this version was made from. */
async function configuration({ name, version, folder, file }: SourceModel): Promise<string> {
  const path = join(folder, "config.yaml");
  const text = existsSync(path) ? await readFile(path, "utf8") : "";
  const note = [
    `# Made by "studio model quantize" from version ${version} of ${name}: int8 weights, activations`,
    "# quantized in each run. The SHA-256 of the model it was made from:",
    `# ${await sha256(file)}`,
  ];
  return `${note.join("\n")}\n${text}`;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

function unwritable(destination: string, cause: unknown): StudioError {
  const full = ["ENOSPC", "EDQUOT"].includes(systemCode(cause) ?? "");
  const remedy = full ? "Make room" : "Give yourself the right to write there";
  return new StudioError({
    code: "model.unwritable",
    message: `${destination} cannot be written: ${reasonOf(cause)}.`,
    hint: `${remedy}, or name another folder with --output DIR.`,
    exitCode: exitCodes.unavailable,
    cause,
  });
}

/** @throws StudioError `usage` when something is in a version's place */
export function requireFree(destination: string): void {
  if (!existsSync(destination)) return;
  throw usageError(
    `There is something at ${destination} already, perhaps of an earlier run.`,
    "Remove it, or name another folder with --output DIR.",
  );
}
