import { copyFile, mkdir, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { pullError, tooLarge } from "./pull-error.ts";

/** Weights for other programs, which folders of Hugging Face often hold beside the ONNX file. */
const foreignWeights = /\.(safetensors|bin|h5|msgpack|ot|pt|pth|ckpt|tflite|gguf)$/i;

/**
 * Copies a folder as Hugging Face has it, without hidden files and weights for other programs.
 * Links are followed to files inside of it, or of the cache that it is a snapshot of.
 * @throws StudioError `pull.unsafe` for a link that leads elsewhere, or `pull.size`
 */
export async function stageFolder(from: string, to: string, maximumBytes: number): Promise<void> {
  const home = await realpath(from);
  // <cache>/snapshots/<revision>/… are links into <cache>/blobs.
  const snapshots = basename(dirname(home)) === "snapshots";
  const allowed = snapshots ? dirname(dirname(home)) : home;
  let bytes = 0;
  for (const entry of await readdir(home, { withFileTypes: true, recursive: true })) {
    const file = join(entry.parentPath, entry.name);
    const path = relative(home, file);
    const hidden = path.split(sep).some((part) => part.startsWith("."));
    if (hidden || entry.isDirectory() || foreignWeights.test(path)) continue;
    const real = await realpath(file);
    if (!real.startsWith(allowed + sep)) {
      throw pullError("pull.unsafe", `${file} is a link that leads out of the folder.`);
    }
    const stats = await stat(real);
    if (!stats.isFile()) throw pullError("pull.unsafe", `${file} is no file.`);
    bytes += stats.size;
    if (bytes > maximumBytes) throw tooLarge(from, maximumBytes);
    const target = join(to, path);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(real, target);
  }
}
