import { PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import { type Frame, readFrames, writeFrame } from "../../../src/remote/frames.ts";

async function framesOf(stream: Readable, mark = ""): Promise<[string, string][]> {
  const frames: Frame[] = [];
  for await (const frame of readFrames(stream, mark)) frames.push(frame);
  return frames.map(({ kind, bytes }) => [kind, bytes.toString("utf8")]);
}

async function written(): Promise<Buffer> {
  const stream = new PassThrough();
  await writeFrame(stream, "message", '{"kind":"answer"}');
  await writeFrame(stream, "data", Buffer.from([0, 255, 10]));
  await writeFrame(stream, "inputEnd", "");
  stream.end();
  return Buffer.concat(await stream.toArray());
}

const all = [
  ["message", '{"kind":"answer"}'],
  ["data", Buffer.from([0, 255, 10]).toString("utf8")],
  ["inputEnd", ""],
];

test("frames are read as they were written, however the stream is cut", async () => {
  const bytes = await written();
  for (const size of [1, 2, 7, bytes.length]) {
    const pieces = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
    expect(await framesOf(Readable.from(pieces))).toEqual(all);
  }
});

test("what a login shell prints before the mark is left out", async () => {
  const noise = Buffer.from("Welcome!\nM\0\0\0\0\nmark\n");
  expect(await framesOf(Readable.from([noise, await written()]), "\nmark\n")).toEqual(all);
});

test("a frame that is cut off does not appear", async () => {
  const bytes = await written();
  expect(await framesOf(Readable.from([bytes.subarray(0, 29)]))).toEqual(all.slice(0, 1));
});

test("what is no frame is refused", async () => {
  await expect(framesOf(Readable.from([Buffer.from("what is this?")]))).rejects.toThrow("no frame");
});
