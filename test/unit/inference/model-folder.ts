import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelRecord } from "../../../src/inference/models.ts";
import { classifierModel, votingWeights, type ClassifierShape } from "./onnx-file.ts";

/** A temporary folder with one model of `width` features and `classes` classes. */
export async function createModel(
  shape: Partial<ClassifierShape> & { width: number; classes: number },
): Promise<{ folder: string; record: ModelRecord }> {
  const folder = await mkdtemp(join(tmpdir(), "studio-model-"));
  const file = join(folder, "model.onnx");
  const weights = votingWeights(shape.width, shape.classes);
  await writeFile(file, classifierModel({ weights, ...shape }));
  const record: ModelRecord = {
    name: "voting",
    version: "1",
    file,
    sha256: "",
    bytes: 1,
    task: null,
    labels: [],
    source: "project",
    root: folder,
    folder,
    files: {},
    manifest: null,
    configuration: {},
  };
  return { folder, record };
}

const testLanguages = [
  { code: "en", name: "English" },
  { code: "de", name: "German" },
  { code: "fr", name: "French" },
];

/** Writes a model named "language" that knows three languages by weights without meaning. */
export async function writeLanguageModel(models: string): Promise<void> {
  const folder = join(models, "language", "1");
  await mkdir(folder, { recursive: true });
  const weights = votingWeights(256, testLanguages.length);
  await writeFile(
    join(folder, "model.onnx"),
    classifierModel({ width: 256, classes: testLanguages.length, weights }),
  );
  const featurizer = { dimensions: 256, shortest: 1, longest: 3, maximumLength: 500 };
  const configuration = { task: "language", labels: testLanguages, featurizer };
  await writeFile(join(folder, "config.yaml"), JSON.stringify(configuration));
}
