import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { externalLocations, openInside } from "./external-data.ts";
import { readModel } from "./model-file.ts";

/** What lies beside most models, and never holds weights. */
const companions = new Set([".json", ".yaml", ".yml", ".txt", ".md"]);

/** More is left to ONNX Runtime, which maps it: twice as much would be in memory for a while. */
const mostBytes = 2 ** 31 - 1;

/** A file beside a model in which its tensors have elements. */
export interface WeightFile {
  /** As the model names it: relative to its folder. */
  path: string;
  data: Uint8Array;
}

/** Bytes of the weights that lie beside a model. */
export async function weightBytesBeside(file: string): Promise<number> {
  let bytes = 0;
  for (const location of new Set((await locationsIn(file)).values())) {
    const found = await stat(join(dirname(file), location)).catch(() => null);
    bytes += found?.size ?? 0;
  }
  return bytes;
}

/**
 * Reads the weights beside a model, to hand them to ONNX Runtime, which copies them. It maps such
 * files otherwise, and whoever cuts one short while it is served ends the process by SIGBUS, and
 * whoever writes over one changes the answers. Where one cannot be read, all are left to the runtime,
 * which takes all or none.
 */
export async function readWeightFiles(file: string): Promise<WeightFile[]> {
  const found: WeightFile[] = [];
  for (const [path, location] of await locationsIn(file)) {
    const data = await readWhole(dirname(file), location);
    if (data === null) return [];
    // onnxruntime-node takes one "./" away, and ONNX Runtime compares letter by letter.
    found.push({ path: path.startsWith("./") ? `./${path}` : path, data });
  }
  return found;
}

/** None of a model that cannot be read: whoever loads it says better why. */
async function locationsIn(file: string): Promise<Map<string, string>> {
  try {
    const others = (await readdir(dirname(file))).filter(
      (name) => name !== basename(file) && !companions.has(extname(name)),
    );
    return others.length === 0 ? new Map() : externalLocations(await readModel(file));
  } catch {
    return new Map();
  }
}

async function readWhole(folder: string, path: string): Promise<Uint8Array | null> {
  try {
    const file = await openInside(folder, path);
    try {
      const { size } = await file.stat();
      return size > mostBytes ? null : await file.readFile();
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}
