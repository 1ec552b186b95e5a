import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { graphModel } from "./onnx-graph.ts";

export const colours = [
  { code: "red", name: "Red" },
  { code: "green", name: "Green" },
  { code: "blue", name: "Blue" },
  { code: "dark", name: "Dark" },
];

/** Each row: how much a channel's mean votes for each of the colours. */
export const votes = [
  [8, -4, -4, -6],
  [-4, 8, -4, -6],
  [-4, -4, 8, -6],
];

/** Weights and `probabilities = softmax(mean of each channel · votes)`, of images [N, 3, 8, 8]. */
export function colourModel(): Buffer {
  const values = Float32Array.from(votes.flat());
  return graphModel({
    inputs: [{ name: "pixels", type: "float32", dims: ["N", 3, 8, 8] }],
    outputs: [{ name: "probabilities", type: "float32", dims: ["N", colours.length] }],
    nodes: [
      {
        operator: "ReduceMean",
        inputs: ["pixels"],
        outputs: ["means"],
        attributes: { axes: [2, 3], keepdims: 0 },
      },
      { operator: "MatMul", inputs: ["means", "votes"], outputs: ["scores"] },
      { operator: "Softmax", inputs: ["scores"], outputs: ["probabilities"] },
    ],
    constants: [{ name: "votes", type: "float32", dims: [3, colours.length], values }],
  });
}

/** Cells along a side of the detector's input, and pixels along a side of a cell. */
const cells = 8;
const cell = 4;

/** A model of one image [1, 3, 32, 32] that scores each of 8 × 8 cells by how bright it is. */
export function brightnessModel(): Buffer {
  const corners = Float32Array.from(
    Array.from({ length: cells * cells }, (_, index) => {
      const left = (index % cells) * cell;
      const top = Math.floor(index / cells) * cell;
      return [left, top, left + cell, top + cell];
    }).flat(),
  );
  const side = cells * cell;
  return graphModel({
    inputs: [{ name: "image", type: "float32", dims: [1, 3, side, side] }],
    outputs: [
      { name: "boxes", type: "float32", dims: [1, cells * cells, 4] },
      { name: "scores", type: "float32", dims: [1, cells * cells, 1] },
    ],
    nodes: [
      { operator: "Identity", inputs: ["corners"], outputs: ["boxes"] },
      {
        operator: "ReduceMean",
        inputs: ["image"],
        outputs: ["grey"],
        attributes: { axes: [1], keepdims: 1 },
      },
      {
        operator: "AveragePool",
        inputs: ["grey"],
        outputs: ["pooled"],
        attributes: { kernel_shape: [cell, cell], strides: [cell, cell] },
      },
      { operator: "Reshape", inputs: ["pooled", "shape"], outputs: ["scores"] },
    ],
    constants: [
      { name: "corners", type: "float32", dims: [1, cells * cells, 4], values: corners },
      {
        name: "shape",
        type: "int64",
        dims: [3],
        values: BigInt64Array.from([1n, BigInt(cells * cells), 1n]),
      },
    ],
  });
}

/** Writes a model and its configuration (JSON is YAML too) below the folder of models. */
export async function writeImageModel(
  models: string,
  name: string,
  model: Buffer,
  configuration: object,
): Promise<void> {
  const folder = join(models, name, "1");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "model.onnx"), model);
  await writeFile(join(folder, "config.yaml"), JSON.stringify(configuration));
}
