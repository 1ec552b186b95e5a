import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomFrom } from "../../support/random.ts";
import { rounds } from "../../support/every.ts";
import { daemonSpec, type Running, startRunning } from "./running.ts";
import { pour, sendForm, sendImage, type UploadAnswer } from "./uploads.ts";

let running: Running;
let png: Buffer;
const limit = 300_000;

beforeAll(async () => {
  const { serve } = daemonSpec("", { dialect: "sqlite", file: null, url: "" });
  const limits = { ...serve.limits, body: limit };
  running = await startRunning({ serve: { ...serve, timeout: 5000, limits } });
  png = await picture().png().toBuffer();
});

afterAll(async () => {
  await running.close();
});

function picture(width = 64, height = 48): ReturnType<typeof sharp> {
  const pixels = Buffer.from(
    Array.from({ length: width * height * 3 }, (_, at) => (at * 31) % 253),
  );
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

function code({ body }: UploadAnswer): unknown {
  return body?.["code"];
}

async function works(): Promise<void> {
  const answer = await sendImage(running, png, { task: "properties" });
  expect(answer.body).toMatchObject({ result: { width: 64, height: 48 } });
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A PNG of one bit a pixel, all of them zero, whatever its size. */
function monochrome(width: number, height: number, extra: Buffer[] = []): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 1;
  const rows = Math.min(height, 4000) * (1 + Math.ceil(Math.min(width, 8000) / 8));
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    ...extra,
    chunk("IDAT", deflateSync(Buffer.alloc(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

describe("what is no image, or not the one it is said to be", () => {
  it("is refused with what is wrong", async () => {
    const jpeg = await picture().jpeg().toBuffer();
    const svg = Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>");
    const script = Buffer.concat([Buffer.from("GIF89a"), Buffer.from("=1;alert(1)//".repeat(20))]);
    const cases: [string, Uint8Array, string, string, number, string][] = [
      ["no bytes", Buffer.alloc(0), "a.png", "", 400, "image.empty"],
      ["text", Buffer.from("hello"), "a.png", "", 415, "image.format"],
      ["SVG", svg, "a.png", "", 415, "image.format"],
      ["SVG by name", svg, "a.svg", "image/svg+xml", 415, "image.format"],
      ["PDF", Buffer.from("%PDF-1.7\n%%EOF"), "a.png", "", 415, "image.format"],
      ["TIFF", await picture().tiff().toBuffer(), "a.png", "", 415, "image.format"],
      ["archive", Buffer.from("PK\x03\x04aaaaaaaaaaaaa"), "a.png", "", 415, "image.format"],
      ["signature alone", png.subarray(0, 8), "a.png", "", 422, "image.damaged"],
      ["script in disguise", script, "a.gif", "", 422, "image.damaged"],
      ["another type", jpeg, "a.jpg", "image/png", 415, "image.mismatch"],
      ["another extension", jpeg, "a.png", "image/jpeg", 415, "image.mismatch"],
      ["a foreign extension", jpeg, "a.php", "image/jpeg", 415, "image.format"],
      ["two extensions", jpeg, "a.jpg.exe", "image/jpeg", 415, "image.format"],
      ["no extension", jpeg, "photo", "image/jpeg", 415, "image.format"],
      ["a folder", png, "../../etc/a.png", "", 400, "image.name"],
      ["a folder of Windows", png, "C:\\a.png", "", 400, "image.name"],
      ["a control character", png, "a\u0007.png", "", 400, "image.name"],
    ];
    for (const [what, bytes, name, type, status, expected] of cases) {
      const answer = await sendForm(running, { bytes, name, type }, { task: "statistics" });
      expect({ status: answer.status, code: code(answer) }, what).toEqual({
        status,
        code: expected,
      });
      expect(JSON.stringify(answer.body), what).not.toMatch(/node_modules|\bat .*\.ts:/);
    }
    await works();
  });

  it("is refused when it breaks off, in every format", async () => {
    for (const format of ["jpeg", "png", "webp", "gif", "avif"] as const) {
      const whole = await picture().toFormat(format).toBuffer();
      const bytes = whole.subarray(0, Math.floor(whole.length / 2));
      const answer = await sendImage(running, bytes, { task: "statistics" });
      expect({ status: answer.status, code: code(answer) }, format).toEqual({
        status: 422,
        code: "image.damaged",
      });
    }
    await works();
  });
});

describe("a request whose words are wrong", () => {
  it("is refused before the image is looked at", async () => {
    const cases: Record<string, string>[] = [
      {},
      { task: "poetry" },
      { task: "properties", size: "10" },
      { task: "thumbnail", size: "0" },
      { task: "thumbnail", size: "99999" },
      { task: "thumbnail", size: "-1x5" },
      { task: "thumbnail", format: "svg" },
      { task: "classify", top_k: "many" },
      { task: "detect", threshold: "NaN" },
      { task: "detect", threshold: "" },
    ];
    for (const words of cases) {
      const answer = await sendImage(running, png, words);
      expect({ status: answer.status, code: code(answer) }, JSON.stringify(words)).toEqual({
        status: 400,
        code: "image.input",
      });
    }
  });
});

describe("an image bomb", () => {
  it("is refused by what its head claims", async () => {
    for (const [width, height] of [
      [100_000, 100_000],
      [2_000_000_000, 1],
      [4_000_000_000, 4_000_000_000],
      [1001, 1000],
    ] as const) {
      const answer = await sendImage(running, monochrome(width, height), { task: "properties" });
      expect([413, 422], `${width} x ${height}`).toContain(answer.status);
    }
    const most = await sendImage(running, monochrome(1000, 1000), { task: "statistics" });
    expect(most.status).toBe(200);
    await works();
  });

  it("of many frames is refused", async () => {
    const head = Buffer.from(
      "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff",
      "latin1",
    );
    const frame = Buffer.from(
      ",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00",
      "latin1",
    );
    const frames = Array.from({ length: 5000 }, () => frame);
    const bytes = Buffer.concat([head, ...frames, Buffer.from(";")]);
    const answer = await sendImage(running, bytes, { task: "properties" });
    expect({ status: answer.status, code: code(answer) }).toEqual({
      status: 413,
      code: "image.too_large",
    });
  });

  it("whose text or profile unpacks to much costs little memory", async () => {
    const many = deflateSync(Buffer.alloc(100_000_000));
    const prefix = (words: string): Buffer => Buffer.concat([Buffer.from(words, "latin1"), many]);
    for (const extra of [
      chunk("zTXt", prefix("Comment\0\0")),
      chunk("iTXt", prefix("Comment\0\x01\0\0\0")),
      chunk("iCCP", prefix("profile\0\0")),
    ]) {
      const before = process.memoryUsage.rss();
      const answer = await sendImage(running, monochrome(10, 10, [extra]), { task: "statistics" });
      expect([200, 422]).toContain(answer.status);
      expect(process.memoryUsage.rss() - before).toBeLessThan(80_000_000);
    }
    await works();
  });
});

describe("a body that is too much", () => {
  async function post(form: FormData | ReadableStream, headers = {}): Promise<UploadAnswer> {
    const { host, port } = running.daemon.address() ?? {};
    const stream = form instanceof ReadableStream ? { duplex: "half" } : {};
    const response = await fetch(`http://${host}:${port}/api/v1/image/process?task=properties`, {
      method: "POST",
      body: form,
      headers,
      ...stream,
    } as RequestInit);
    const bytes = Buffer.from(await response.arrayBuffer());
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      body: JSON.parse(bytes.toString()) as Record<string, unknown>,
    };
  }

  it("is refused by its size, its number of parts and its fields", async () => {
    const blob = new Blob([Uint8Array.from(png)]);
    const large = new FormData();
    large.append("file", new Blob([new Uint8Array(limit + 1)]), "a.png");
    expect(await post(large)).toMatchObject({ status: 413 });
    const plain = await sendImage(running, new Uint8Array(limit + 1), { task: "properties" });
    expect({ status: plain.status, code: code(plain) }).toEqual({
      status: 413,
      code: "request.too_large",
    });
    const two = new FormData();
    two.append("file", blob, "a.png");
    two.append("file", blob, "b.png");
    expect(await post(two)).toMatchObject({ status: 413 });
    const fields = new FormData();
    for (let index = 0; index < 30; index++) fields.append(`field${index}`, "x");
    fields.append("file", blob, "a.png");
    expect(await post(fields)).toMatchObject({ status: 413 });
    const long = new FormData();
    long.append("model", "x".repeat(1000));
    long.append("file", blob, "a.png");
    expect(await post(long)).toMatchObject({ status: 400 });
    const named = new FormData();
    named.append("picture", blob, "a.png");
    expect(await post(named)).toMatchObject({ status: 400 });
    const none = new FormData();
    none.append("model", "x");
    expect(await post(none)).toMatchObject({ status: 400 });
    const prototype = new FormData();
    prototype.append("__proto__", "x");
    prototype.append("file", blob, "a.png");
    expect(await post(prototype)).toMatchObject({ status: 400 });
    await works();
  });

  it("is refused when it names no border, or breaks off", async () => {
    const text = (value: string): ReadableStream => new Blob([value]).stream();
    const type = "multipart/form-data";
    expect(await post(text("x"), { "content-type": type })).toMatchObject({ status: 400 });
    const bordered = { "content-type": `${type}; boundary=b` };
    for (const body of [
      "",
      "--b",
      "--b\r\n",
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\nabc',
      "no border at all".repeat(100),
    ]) {
      expect(await post(text(body), bordered), body).toMatchObject({ status: 400 });
    }
    await works();
  });

  it("is not cut off before its sender has read why", async () => {
    const { host = "", port = 0 } = running.daemon.address() ?? {};
    for (const type of ["multipart/form-data; boundary=b", "image/png"]) {
      // A sender that goes on sending after the other side has ended, as browsers do.
      const socket = connect({ port, host, allowHalfOpen: true });
      const chunks: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      const errors: unknown[] = [];
      socket.on("error", (error) => errors.push(error));
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.write(
        "POST /api/v1/image/process?task=properties HTTP/1.1\r\nHost: localhost\r\n" +
          `Content-Type: ${type}\r\nContent-Length: 600000\r\n\r\n`,
      );
      for (let piece = 0; piece < 30; piece++) {
        socket.write(Buffer.alloc(20_000));
        await sleep(5);
      }
      socket.end();
      await closed;
      expect(errors).toEqual([]);
      expect(Buffer.concat(chunks).toString(), type).toMatch(/^HTTP\/1.1 413 .*request.too_large/s);
    }
    await works();
  });

  it("that never ends, in what belongs to no part, is cut", async () => {
    for (const type of ["multipart/form-data; boundary=b", "image/png"]) {
      const { sent, answer } = await pour(running, type);
      expect(answer, type).toMatch(/^$|^HTTP\/1.1 413 /);
      expect(sent).toBeLessThan(20_000_000);
    }
    await works();
  });

  it("whose sender goes away leaves nothing behind", async () => {
    const { host = "", port = 0 } = running.daemon.address() ?? {};
    const head =
      "POST /api/v1/image/process?task=statistics HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n";
    const form =
      "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n" +
      'Content-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n';
    for (let turn = 0; turn < 20; turn++) {
      const socket = connect(port, host);
      socket.write(head + (turn % 2 === 0 ? form : "Content-Type: image/png\r\n\r\n"));
      socket.write(png.subarray(0, 100));
      await sleep(5);
      socket.destroy();
    }
    for (let turn = 0; turn < 200 && running.daemon.state().inFlight > 0; turn++) await sleep(10);
    expect(running.daemon.state().inFlight).toBe(0);
    await works();
  });
});

describe("forms damaged at random", () => {
  it("are answered with 200 or a clear refusal", async () => {
    const random = randomFrom(77);
    const head = (words: string): string => `--border\r\nContent-Disposition: form-data; ${words}`;
    const whole = Buffer.concat([
      Buffer.from(`${head('name="task"')}\r\n\r\nproperties\r\n`),
      Buffer.from(`${head('name="file"; filename="a.png"')}\r\nContent-Type: image/png\r\n\r\n`),
      png.subarray(0, 200),
      Buffer.from("\r\n--border--\r\n"),
    ]);
    const seen = new Set<number>();
    for (let round = 0; round < rounds(200, 2000); round++) {
      const body = mutate(Buffer.from(whole), random);
      const { host, port } = running.daemon.address() ?? {};
      const response = await fetch(`http://${host}:${port}/api/v1/image/process`, {
        method: "POST",
        body: Uint8Array.from(body),
        headers: { "content-type": "multipart/form-data; boundary=border" },
      });
      await response.arrayBuffer();
      seen.add(response.status);
      expect([200, 400, 413, 415, 422], `round ${round}`).toContain(response.status);
    }
    expect(seen).toContain(400);
    await works();
  });
});

describe("images damaged at random", () => {
  it("never end the daemon, and are answered with 200 or a clear refusal", async () => {
    const seeds = await Promise.all(
      (["jpeg", "png", "webp", "gif", "avif"] as const).map((format) =>
        picture().toFormat(format).toBuffer(),
      ),
    );
    const random = randomFrom(20_261_121);
    const seen = new Map<number, number>();
    for (let round = 0; round < rounds(300, 3000); round++) {
      const bytes = mutate(Buffer.from(random.pick(seeds)), random);
      const task = random.pick(["properties", "statistics", "thumbnail"]);
      const answer = await sendImage(running, bytes, { task });
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
      expect([200, 400, 413, 415, 422], `round ${round}`).toContain(answer.status);
    }
    expect(seen.get(422)).toBeGreaterThan(20);
    await works();
    const errors = running.log.filter(({ level }) => (level as number) >= 50);
    expect(errors).toEqual([]);
  });
});

function mutate(bytes: Buffer, random: ReturnType<typeof randomFrom>): Buffer {
  const kind = random.below(4);
  if (kind === 0) return bytes.subarray(0, random.below(bytes.length));
  if (kind === 1) {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.below(bytes.length))]);
  }
  // Most of the damage near the start, where sizes and offsets are.
  const reach = kind === 2 ? Math.min(64, bytes.length) : bytes.length;
  for (let count = 1 + random.below(8); count > 0; count--) {
    bytes[random.below(reach)] = random.pick([0, 255, 127, 128, random.below(256)]);
  }
  return bytes;
}
