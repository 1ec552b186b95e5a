import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  brightnessModel,
  colourModel,
  colours,
  writeImageModel,
} from "../../unit/inference/image-models.ts";
import { daemonSpec, type Running, startRunning } from "./running.ts";
import { sendForm, sendImage } from "./uploads.ts";

let running: Running;

beforeAll(async () => {
  const { serve } = daemonSpec("", { dialect: "sqlite", file: null, url: "" });
  const limits = { ...serve.limits, body: 1_000_000 };
  running = await startRunning({ serve: { ...serve, limits } });
});

afterAll(async () => {
  await running.close();
});

/** 40 × 30: the left half red, the right half blue. */
function halves(): Sharp {
  const blue = { create: { width: 20, height: 30, channels: 3, background: "#0000ff" } } as const;
  return sharp({ create: { width: 40, height: 30, channels: 3, background: "#ff0000" } }).composite(
    [{ input: blue, left: 20, top: 0 }],
  );
}

describe("properties of an image", () => {
  it("are told for each format, in a form or as the body", async () => {
    for (const format of ["jpeg", "png", "webp", "gif", "avif"] as const) {
      const bytes = await halves().toFormat(format).toBuffer();
      const name = `photo.${format}`;
      const type = `image/${format}`;
      const words = { task: "properties" };
      const formed = await sendForm(running, { bytes, name, type }, words);
      expect(formed.body, format).toMatchObject({
        task: "properties",
        result: {
          format,
          width: 40,
          height: 30,
          bytes: bytes.length,
          depth: 8,
          pages: 1,
          animated: false,
          orientation: null,
        },
      });
      const plain = await sendImage(running, bytes, words, { "content-type": type });
      expect(plain.body).toEqual(formed.body);
    }
  });

  it("tell of transparency, depth, density, orientation and frames", async () => {
    const deep = await sharp({
      create: { width: 10, height: 20, channels: 4, background: { r: 1, g: 2, b: 3, alpha: 0.5 } },
    })
      .toColourspace("rgb16")
      .withMetadata({ density: 300 })
      .png()
      .toBuffer();
    const first = await sendImage(running, deep, { task: "properties" });
    expect(first.body?.["result"]).toMatchObject({
      alpha: true,
      channels: 4,
      depth: 16,
      density: 300,
    });

    const turned = await halves().withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const second = await sendImage(running, turned, { task: "properties" });
    expect(second.body?.["result"]).toMatchObject({
      width: 40,
      height: 30,
      orientation: 6,
      upright: { width: 30, height: 40 },
    });

    const frames = await sharp(
      Buffer.alloc(8 * 24 * 3)
        .fill(0)
        .fill(255, 192, 384),
      {
        raw: { width: 8, height: 24, channels: 3, pageHeight: 8 },
      },
    )
      .gif()
      .toBuffer();
    const third = await sendImage(running, frames, { task: "properties" });
    expect(third.body?.["result"]).toMatchObject({ width: 8, height: 8, pages: 3, animated: true });
  });
});

describe("statistics of an image", () => {
  it("equal what is computed from its pixels", async () => {
    const pixels = Buffer.from(Array.from({ length: 50 * 40 * 3 }, (_, at) => (at * 7919) % 251));
    const bytes = await sharp(pixels, { raw: { width: 50, height: 40, channels: 3 } })
      .png()
      .toBuffer();
    const { body } = await sendImage(running, bytes, { task: "statistics" });
    const result = body?.["result"] as { channels: Record<string, number>[]; brightness: number };
    expect(result).toMatchObject({ measured: { width: 50, height: 40 }, opaque: true });
    const means: number[] = [];
    for (const [channel, name] of ["red", "green", "blue"].entries()) {
      const values = [...pixels].filter((_, at) => at % 3 === channel);
      const mean = values.reduce((sum, value) => sum + value) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      means.push(mean);
      const told = result.channels[channel] as unknown as Record<string, number>;
      expect(told).toMatchObject({ name, min: Math.min(...values), max: Math.max(...values) });
      expect(told["mean"]).toBeCloseTo(mean, 6);
      expect(told["deviation"]).toBeCloseTo(Math.sqrt(squares / (values.length - 1)), 6);
    }
    const [red = 0, green = 0, blue = 0] = means;
    expect(result.brightness).toBeCloseTo((0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255, 6);
  });

  it("know the dominant colour, and a sharp picture from a flat one", async () => {
    const flat = await sharp({
      create: { width: 30, height: 30, channels: 3, background: { r: 200, g: 100, b: 40 } },
    })
      .png()
      .toBuffer();
    const one = await sendImage(running, flat, { task: "statistics" });
    expect(one.body?.["result"]).toMatchObject({
      dominant: { red: 200, green: 104, blue: 40 },
      entropy: 0,
      sharpness: 0,
    });
    const sharper = await sendImage(running, await halves().png().toBuffer(), {
      task: "statistics",
    });
    const { sharpness, entropy } = (sharper.body as { result: Record<string, number> }).result;
    expect(sharpness).toBeGreaterThan(1);
    expect(entropy).toBeCloseTo(1, 6);
  });

  it("have three channels for grey and for printed colours too", async () => {
    for (const space of ["b-w", "cmyk"] as const) {
      const bytes = await halves().toColourspace(space).jpeg().toBuffer();
      const { body } = await sendImage(running, bytes, { task: "statistics" });
      const { result } = body as { result: { channels: unknown[] } };
      expect(result.channels, space).toHaveLength(3);
    }
  });
});

describe("a thumbnail", () => {
  it("fits the box and comes as base64, upright and without what the camera wrote", async () => {
    const bytes = await halves()
      .withExif({ IFD0: { Copyright: "a name that is private" } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const words = { task: "thumbnail", size: "20x20", format: "webp" };
    const { body } = await sendImage(running, bytes, words);
    const result = body?.["result"] as { data: string };
    expect(result).toMatchObject({ format: "webp", type: "image/webp", width: 15, height: 20 });
    const data = Buffer.from(result.data, "base64");
    const { exif, format, width, height } = await sharp(data).metadata();
    expect({ exif, format, width, height }).toEqual({ format: "webp", width: 15, height: 20 });
    // Turned to the right: what was the left half is above.
    const { data: pixels } = await sharp(data).raw().toBuffer({ resolveWithObject: true });
    expect(pixels[0]).toBeGreaterThan(200);
    expect(pixels[pixels.length - 1]).toBeGreaterThan(200);
    expect(pixels[pixels.length - 3]).toBeLessThan(60);
  });

  it("is the image itself for a caller that accepts images", async () => {
    const bytes = await halves().removeAlpha().png().toBuffer();
    for (const [accept, type] of [
      ["image/png", "image/png"],
      ["image/webp,*/*;q=0.5", "image/webp"],
      ["image/*", "image/jpeg"],
    ] as const) {
      const answer = await sendImage(running, bytes, { task: "thumbnail", size: "10" }, { accept });
      expect(answer.headers.get("content-type"), accept).toBe(type);
      expect(await sharp(answer.bytes).metadata()).toMatchObject({ width: 10, height: 8 });
    }
    const json = await sendImage(running, bytes, { task: "thumbnail" }, { accept: "*/*" });
    expect(json.body).toMatchObject({ result: { format: "jpeg", width: 40 } });
  });
});

describe("a model that is absent", () => {
  it("is answered with what to install", async () => {
    const bytes = await halves().png().toBuffer();
    for (const [task, name] of [
      ["classify", "image-classification"],
      ["detect", "object-detection"],
    ] as const) {
      const answer = await sendForm(running, { bytes }, { task });
      expect(answer).toMatchObject({
        status: 501,
        body: {
          code: "model.missing",
          hint: expect.stringContaining(`task: ${name}`) as string,
        },
      });
    }
  });
});

describe("models that are present", () => {
  it("classify and detect, and are named in the answer", async () => {
    const models = await mkdtemp(join(tmpdir(), "studio-image-models-"));
    await writeImageModel(models, "colours", colourModel(), {
      task: "image-classification",
      labels: colours,
      image: { size: 8 },
    });
    await writeImageModel(models, "bright", brightnessModel(), {
      task: "object-detection",
      labels: ["bright"],
      image: { size: 32, resize: "fill", threshold: 0.9 },
    });
    const other = await startRunning({ modelFolders: [models] });
    try {
      const create = { width: 40, height: 30, channels: 3, background: "#ff0000" } as const;
      const bytes = await sharp({ create }).png().toBuffer();
      const classified = await sendForm(other, { bytes }, { task: "classify", top_k: "2" });
      expect(classified.body).toMatchObject({
        task: "classify",
        model: { name: "colours", version: "1" },
        result: { label: "red", name: "Red", top: [{ label: "red" }, {}] },
      });
      const white = { ...create, width: 8, height: 8, background: "#ffffff" };
      const light = await sharp({ create: white }).webp().toBuffer();
      const detected = await sendImage(other, light, { task: "detect", model: "bright" });
      const { result } = detected.body as { result: { detections: { box: object }[] } };
      expect(result.detections).toHaveLength(64);
      expect(result.detections[1]?.box).toEqual({ left: 1, top: 0, right: 2, bottom: 1 });
    } finally {
      await other.close();
      await rm(models, { recursive: true });
    }
  });
});
