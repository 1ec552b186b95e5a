import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ImageDecoder } from "../../../src/inference/images/image-decoder.ts";
import { ModelPool } from "../../../src/inference/model-pool.ts";
import { findModels } from "../../../src/inference/models.ts";
import { ImageTask } from "../../../src/inference/tasks/image.ts";
import { randomFrom } from "../../support/random.ts";
import { brightnessModel, colourModel, colours, votes, writeImageModel } from "./image-models.ts";

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const options = { timeout: 20_000 };
const one = { model: undefined, count: 5 };

let folder: string;
let pool: ModelPool | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-image-"));
});

afterEach(async () => {
  await pool?.close();
  pool = null;
  await rm(folder, { recursive: true });
});

async function openTask(): Promise<ImageTask> {
  await pool?.close();
  pool = new ModelPool(await findModels([join(folder, "models")], folder), { log: quiet });
  pool.start();
  for (let turn = 0; turn < 1000 && !pool.ready; turn++) await sleep(10);
  const decoder = new ImageDecoder({ atOnce: 1, bytes: 100_000_000, pixels: 1_000_000 });
  return new ImageTask(pool, decoder);
}

async function writeColours(image: object, labels: object[] = colours): Promise<void> {
  const configuration = { task: "image-classification", labels, image };
  await writeImageModel(join(folder, "models"), "colours", colourModel(), configuration);
}

function picture(pixels: Buffer): Promise<Buffer> {
  return sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } })
    .png()
    .toBuffer();
}

/** What the model computes, from the means of the channels. */
function expected(means: readonly number[]): number[] {
  const scores = colours.map((_, column) =>
    means.reduce((sum, mean, row) => sum + mean * (votes[row]?.[column] as number), 0),
  );
  const powers = scores.map((score) => Math.exp(score));
  const total = powers.reduce((sum, power) => sum + power);
  return powers.map((power) => power / total);
}

describe("classification", () => {
  it("equals a plain computation on the pixels, also for many images at once", async () => {
    await writeColours({ size: 8, mean: [0.5, 0.4, 0.3], std: [0.5, 0.25, 0.2] });
    const task = await openTask();
    const random = randomFrom(7);
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        const pixels = Buffer.from(Array.from({ length: 192 }, () => random.below(256)));
        const bytes = await picture(pixels);
        const { top, model } = await task.classify({ bytes }, one, options);
        const means = [0.5, 0.4, 0.3].map((mean, channel) => {
          const values = [...pixels].filter((_, at) => at % 3 === channel);
          const average = values.reduce((sum, value) => sum + value) / 64 / 255;
          return (average - mean) / ([0.5, 0.25, 0.2][channel] as number);
        });
        const scores = expected(means);
        expect(model.name).toBe("colours");
        expect(top).toHaveLength(4);
        for (const { label, score } of top) {
          const index = colours.findIndex(({ code }) => code === label);
          expect(score).toBeCloseTo(scores[index] as number, 5);
        }
        expect(top.map(({ score }) => score)).toEqual(
          top.map(({ score }) => score).toSorted((a, b) => b - a),
        );
      }),
    );
  });

  it("knows colours, swapped channels, transparency and a cut to the middle", async () => {
    await writeColours({ size: 8, background: [0, 255, 0] });
    const task = await openTask();
    const label = async (bytes: Buffer): Promise<string | undefined> =>
      (await task.classify({ bytes }, { model: "colours", count: 1 }, options)).top[0]?.label;
    const plain = (background: string, width = 30, height = 30) =>
      sharp({ create: { width, height, channels: 4, background } });
    expect(await label(await plain("#ff0000").jpeg().toBuffer())).toBe("red");
    expect(await label(await plain("#0000ff").webp().toBuffer())).toBe("blue");
    expect(await label(await plain("#00ff00").png().toBuffer())).toBe("green");
    expect(await label(await plain("#ff000000").png().toBuffer())).toBe("green");
    const middle = await plain("#00ff00", 90, 30)
      .composite([{ input: await plain("#ff0000").png().toBuffer(), left: 30, top: 0 }])
      .png()
      .toBuffer();
    expect(await label(middle)).toBe("red");
  });

  it("gives swapped channels to a model that wants blue first", async () => {
    await writeColours({ size: 8, order: "BGR" });
    const task = await openTask();
    const bytes = await picture(Buffer.alloc(192).fill(Buffer.from([255, 0, 0])));
    expect((await task.classify({ bytes }, one, options)).top[0]?.label).toBe("blue");
  });

  it("scales and cuts as the preprocessor of a Hugging Face folder says", async () => {
    const models = join(folder, "models");
    const labels = { task: "image-classification", labels: colours };
    const image = { output: "probabilities", activation: "none" };
    await writeImageModel(models, "colours", colourModel(), { ...labels, image });
    const processor = {
      size: { shortest_edge: 16 },
      crop_size: { height: 8, width: 8 },
      do_center_crop: true,
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.25, 0.25, 0.25],
      resample: 0,
    };
    const file = join(models, "colours", "1", "preprocessor_config.json");
    await writeFile(file, JSON.stringify(processor));
    const task = await openTask();
    // Of 16 × 16 the middle 8 × 8, which alone is green and a little red.
    const pixels = Buffer.from(
      Array.from({ length: 256 }, (_, at) => {
        const inside = [at % 16, Math.floor(at / 16)].every((place) => place >= 4 && place < 12);
        return inside ? [51, 204, 0] : [0, 0, 255];
      }).flat(),
    );
    const raw = { width: 16, height: 16, channels: 3 } as const;
    const bytes = await sharp(pixels, { raw }).png().toBuffer();
    const { top } = await task.classify({ bytes }, one, options);
    const scores = expected([(0.2 - 0.5) / 0.25, (0.8 - 0.5) / 0.25, -2]);
    expect(top[0]?.label).toBe("green");
    expect(top[0]?.score).toBeCloseTo(scores[1] as number, 5);

    await writeFile(file, "{");
    const again = await openTask();
    await expect(again.classify({ bytes }, one, options)).rejects.toMatchObject({
      code: "model.unfit",
    });
  });

  it("says what is wrong when the configuration does not fit the model", async () => {
    const cases: [object, object[], string][] = [
      [{}, colours, "image.size"],
      [{ size: 8, mean: [1, 2] }, colours, "image.mean"],
      [{ size: 8, std: [1, 0, 1] }, colours, "image.std"],
      [{ size: 8, sizes: 9 }, colours, "sizes"],
      [{ size: 16 }, colours, "[1, 3, 16, 16]"],
      [{ size: 8, layout: "NHWC" }, colours, "[1, 8, 8, 3]"],
      [{ size: 8, type: "uint8" }, colours, "uint8"],
      [{ size: 8, input: "image" }, colours, '"image" is missing'],
      [{ size: 8, output: "logits" }, colours, '"logits"'],
      [{ size: 8 }, colours.slice(1), "for each of 3 labels"],
    ];
    const bytes = await picture(Buffer.alloc(192));
    for (const [image, labels, words] of cases) {
      await writeColours(image, labels);
      const task = await openTask();
      await expect(task.classify({ bytes }, one, options), words).rejects.toMatchObject({
        code: "model.unfit",
        message: expect.stringContaining(words) as string,
      });
    }
  }, 120_000);
});

describe("detection", () => {
  it("finds what lies where in the image, whatever its shape", async () => {
    await writeImageModel(join(folder, "models"), "bright", brightnessModel(), {
      task: "object-detection",
      labels: ["bright"],
      image: { size: 32, threshold: 0.6 },
    });
    const task = await openTask();
    const light = await sharp({
      create: { width: 8, height: 8, channels: 3, background: "#ffffff" },
    })
      .png()
      .toBuffer();
    for (const [width, height, left, top] of [
      [64, 32, 16, 8],
      [32, 64, 16, 40],
      [64, 64, 48, 0],
    ] as const) {
      const bytes = await sharp({ create: { width, height, channels: 3, background: "#000000" } })
        .composite([{ input: light, left, top }])
        .png()
        .toBuffer();
      const threshold = undefined;
      const found = await task.detect({ bytes }, { model: undefined, threshold }, options);
      expect(found.image).toEqual({ width, height });
      expect(found.detections).toEqual([
        {
          label: "bright",
          name: "bright",
          score: expect.closeTo(0.9, 0) as number,
          box: { left, top, right: left + 8, bottom: top + 8 },
        },
      ]);
      const none = await task.detect({ bytes }, { model: "bright", threshold: 1 }, options);
      expect(none.detections).toEqual([]);
    }
  });
});

describe("a model for another task, or none", () => {
  it("is missing, and the answer says what to install", async () => {
    await writeColours({ size: 8 });
    const task = await openTask();
    const bytes = await picture(Buffer.alloc(192));
    const detect = { model: "colours", threshold: undefined };
    for (const asked of [
      task.detect({ bytes }, detect, options),
      task.classify({ bytes }, { model: "other", count: 1 }, options),
    ]) {
      await expect(asked).rejects.toMatchObject({
        code: "model.missing",
        hint: expect.stringContaining("models/<name>/<version>/model.onnx") as string,
      });
    }
  });
});
