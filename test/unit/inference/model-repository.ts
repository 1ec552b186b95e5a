import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ModelPool } from "../../../src/inference/model-pool.ts";
import { type OpenModelsOptions, openModels } from "../../../src/inference/open-models.ts";
import type { Tensors } from "../../../src/inference/tensor.ts";
import { classifierModel } from "./onnx-file.ts";

const width = 4;

/** A model that always chooses `choice` out of four. */
export function modelFor(choice: number): Buffer {
  const weights = new Float32Array(width * 4);
  for (let row = 0; row < width; row++) weights[row * 4 + choice] = 8;
  return classifierModel({ width, classes: 4, weights });
}

export const feeds = (value = 1): Tensors => ({
  features: { type: "float32", dims: [1, width], data: new Float32Array(width).fill(value) },
});

/** Which of the four the model of that name chooses. */
export async function choiceOf(pool: ModelPool, name: string, version?: string): Promise<number> {
  const answer = await pool.require(name, version).infer(feeds(), { timeout: 20_000 });
  const values = [...((answer["probabilities"] as Tensors[string]).data as Float32Array)];
  return values.indexOf(Math.max(...values));
}

/** A temporary folder of models and a pool over it. */
export interface TestRepository {
  folder: string;
  pool: ModelPool;
  log: { message: string; reason?: string }[];
  write: (path: string, content: string | Buffer) => Promise<void>;
  /** Writes beside and renames, as programs do that replace a file. */
  replace: (path: string, content: string | Buffer) => Promise<void>;
  close: () => Promise<void>;
}

/** @param files content by path below the folder */
export async function openRepository(
  files: Record<string, string | Buffer>,
  options: Partial<OpenModelsOptions> = {},
): Promise<TestRepository> {
  const folder = await mkdtemp(join(tmpdir(), "studio-repository-"));
  const write = async (path: string, content: string | Buffer) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  };
  for (const [path, content] of Object.entries(files)) await write(path, content);
  const log: TestRepository["log"] = [];
  const note = (fields: object, message: string) => void log.push({ ...fields, message });
  const pool = await openModels({
    folders: [folder],
    bundled: join(folder, ".none"),
    log: { info: note, error: note },
    ...options,
  });
  return {
    folder,
    pool,
    log,
    write,
    replace: async (path, content) => {
      await write(`${path}.new`, content);
      await rename(join(folder, `${path}.new`), join(folder, path));
    },
    close: async () => {
      await pool.close();
      await rm(folder, { recursive: true });
    },
  };
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 1500; turn++) {
    if (await condition()) return;
    await sleep(10);
  }
  throw new Error("the condition did not come true");
}
