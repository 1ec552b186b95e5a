import { describe, expect, it } from "vitest";
import { activate } from "../../../src/inference/images/classification.ts";
import {
  intersectionOverUnion,
  readDetections,
  suppress,
  type Detection,
} from "../../../src/inference/images/detection.ts";
import type { ImageSettings } from "../../../src/inference/images/image-model.ts";
import { place } from "../../../src/inference/images/pixel-tensor.ts";
import type { Tensors } from "../../../src/inference/tensor.ts";
import { randomFrom } from "../../support/random.ts";

const labels = [
  { code: "cat", name: "Cat" },
  { code: "dog", name: "Dog" },
];
const placement = {
  scale: { x: 1, y: 1 },
  offset: { x: 0, y: 0 },
  image: { width: 100, height: 100 },
};

function settings(detection: Partial<ImageSettings["detection"]>): ImageSettings {
  return {
    size: { width: 100, height: 100 },
    resize: "fill",
    crop: 1,
    kernel: "linear",
    background: [0, 0, 0],
    scale: 1,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    layout: "NCHW",
    order: "RGB",
    type: "float32",
    activation: "none",
    threshold: 0.5,
    overlap: 0.5,
    limit: 10,
    detection: {
      boxes: "boxes",
      scores: "scores",
      format: "xyxy",
      normalized: false,
      activation: "none",
      ...detection,
    },
  };
}

function floats(dims: number[], values: number[]): Tensors[string] {
  return { type: "float32", dims, data: Float32Array.from(values) };
}

describe("the boxes of a detection model", () => {
  const box = { left: 10, top: 20, right: 30, bottom: 60 };
  const cat = { label: "cat", name: "Cat", score: 0.75, box };

  it("are read in each way of writing them", () => {
    const scores = floats([1, 1, 2], [0.75, 0.25]);
    for (const [format, values] of [
      ["xyxy", [10, 20, 30, 60]],
      ["xywh", [10, 20, 20, 40]],
      ["cxcywh", [20, 40, 20, 40]],
    ] as const) {
      const boxes = floats([1, 1, 4], [...values]);
      const found = readDetections({ boxes, scores }, labels, settings({ format }), placement);
      expect(found, format).toEqual([cat]);
      const shares = floats(
        [1, 1, 4],
        values.map((value) => value / 128),
      );
      const normalized = settings({ format, normalized: true });
      normalized.size = { width: 128, height: 128 };
      expect(readDetections({ boxes: shares, scores }, labels, normalized, placement)).toEqual([
        cat,
      ]);
    }
  });

  it("are read with an output of classes, and from one output either way round", () => {
    const boxes = floats([1, 2, 4], [10, 20, 30, 60, 50, 50, 70, 70]);
    const scores = floats([1, 2], [0.75, 0.875]);
    const classes = { type: "int64", dims: [1, 2], data: BigInt64Array.from([0n, 1n]) };
    const dog = {
      label: "dog",
      name: "Dog",
      score: 0.875,
      box: { left: 50, top: 50, right: 70, bottom: 70 },
    };
    const named = settings({ classes: "classes" });
    expect(readDetections({ boxes, scores, classes }, labels, named, placement)).toEqual([
      dog,
      cat,
    ]);
    const rows = [
      [10, 20, 30, 60, 0.75, 0.1],
      [50, 50, 70, 70, 0.2, 0.875],
      [0, 0, 9, 9, 0.3, 0.3],
    ];
    const single = settings({ predictions: "all" });
    const across = floats([1, 3, 6], rows.flat());
    const down = floats(
      [1, 6, 3],
      rows[0]!.flatMap((_, column) => rows.map((row) => row[column]!)),
    );
    for (const all of [across, down]) {
      expect(readDetections({ all }, labels, single, placement)).toEqual([dog, cat]);
    }
  });

  it("are cut at the image's borders, and left out when nothing is left or a value is no number", () => {
    const boxes = floats(
      [1, 4, 4],
      [-5, -5, 50, 500, 200, 200, 300, 300, NaN, 0, 9, 9, 30, 30, 20, 40],
    );
    const scores = floats([1, 4], [0.9, 0.9, 0.9, 0.9]);
    const classes = floats([1, 4], [0, 0, 0, 0]);
    const found = readDetections(
      { boxes, scores, classes },
      labels,
      settings({ classes: "classes" }),
      placement,
    );
    expect(found.map((one) => one.box)).toEqual([{ left: 0, top: 0, right: 50, bottom: 100 }]);
  });

  it("that do not fit are an error", () => {
    const boxes = floats([1, 2, 4], Array<number>(8).fill(0));
    expect(() => readDetections({ boxes }, labels, settings({}), placement)).toThrow('"scores"');
    const scores = floats([1, 3], [1, 1, 1]);
    expect(() => readDetections({ boxes, scores }, labels, settings({}), placement)).toThrow("fit");
    const all = floats([1, 5, 7], Array<number>(35).fill(0));
    const single = settings({ predictions: "all" });
    expect(() => readDetections({ all }, labels, single, placement)).toThrow("4 + 2 labels");
  });
});

describe("non-maximum suppression", () => {
  it("keeps of overlapping boxes of a label the surest, as the plain definition says", () => {
    const random = randomFrom(3);
    for (let round = 0; round < 50; round++) {
      const all: Detection[] = Array.from({ length: 40 }, () => {
        const left = random.below(80);
        const top = random.below(80);
        const box = {
          left,
          top,
          right: left + 1 + random.below(20),
          bottom: top + 1 + random.below(20),
        };
        return { label: random.pick(["a", "b"]), name: "", score: random.below(1000), box };
      }).toSorted((one, other) => other.score - one.score);
      const kept = suppress(all, 0.3);
      for (const one of all) {
        const better = kept.filter((other) => other.label === one.label && other !== one);
        const covered = better.some(
          (other) =>
            all.indexOf(other) < all.indexOf(one) &&
            intersectionOverUnion(other.box, one.box) > 0.3,
        );
        expect(kept.includes(one)).toBe(!covered);
      }
    }
  });

  it("measures overlap by the common area", () => {
    const one = { left: 0, top: 0, right: 2, bottom: 2 };
    expect(intersectionOverUnion(one, one)).toBe(1);
    expect(intersectionOverUnion(one, { left: 1, top: 1, right: 3, bottom: 3 })).toBeCloseTo(1 / 7);
    expect(intersectionOverUnion(one, { left: 2, top: 0, right: 3, bottom: 2 })).toBe(0);
  });
});

describe("scores", () => {
  it("become probabilities without overflow", () => {
    const [low, high] = activate(Float32Array.from([1000, 1001]), "softmax");
    expect(low).toBeCloseTo(1 / (1 + Math.E), 6);
    expect(high).toBeCloseTo(Math.E / (1 + Math.E), 6);
    expect([...activate(Float32Array.from([-1000, 0, 1000]), "sigmoid")]).toEqual([0, 0.5, 1]);
  });
});

describe("where an image lies in a model's input", () => {
  it("is told for cut, padded and stretched images", () => {
    const image = { width: 100, height: 50 };
    const size = { width: 20, height: 20 };
    expect(place(image, { size, resize: "fill", crop: 1 })).toMatchObject({
      scale: { x: 0.2, y: 0.4 },
    });
    expect(place(image, { size, resize: "contain", crop: 1 })).toMatchObject({
      scale: { x: 0.2, y: 0.2 },
      offset: { x: 0, y: 5 },
    });
    expect(place(image, { size, resize: "cover", crop: 1 })).toMatchObject({
      scale: { x: 0.4, y: 0.4 },
      offset: { x: -10, y: 0 },
    });
    expect(place(image, { size, resize: "cover", crop: 0.5 })).toMatchObject({
      scale: { x: 0.8, y: 0.8 },
      offset: { x: -30, y: -10 },
    });
  });
});
