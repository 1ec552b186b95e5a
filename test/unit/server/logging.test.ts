import { mkdtemp, readFile, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createConsoleLogger, createLogger } from "../../../src/server/logging.ts";
import { RotatingFile } from "../../../src/server/rotating-file.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-log-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function readLines(name: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(folder, name), "utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("the daemon's log", () => {
  it("has the fixed fields, and errors in a file of their own as well", async () => {
    const logger = createLogger({
      file: join(folder, "all.log"),
      errorsFile: join(folder, "errors.log"),
      level: "info",
      environment: "staging",
    }).child({ module: "server" });
    logger.debug("not kept");
    logger.info({ requestId: "r1" }, "request");
    logger.error({ error: new Error("it broke") }, "request failed");
    const all = await readLines("all.log");
    expect(all).toHaveLength(2);
    expect(all[0]).toEqual({
      level: "info",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      environment: "staging",
      module: "server",
      requestId: "r1",
      message: "request",
    });
    expect(await readLines("errors.log")).toEqual([all[1]]);
    expect(all[1]).toMatchObject({ level: "error", error: { message: "it broke" } });
    expect((await stat(join(folder, "all.log"))).mode & 0o777).toBe(0o600);
  });

  it("goes to a stream line by line in the foreground", () => {
    const lines: string[] = [];
    const stream = { write: (line: string) => lines.push(line) };
    createConsoleLogger(stream, { environment: "local" }).warn("look");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "warn", message: "look" });
  });
});

describe("secrets in the log", () => {
  const lines: string[] = [];
  const log = createConsoleLogger(
    { write: (line: string) => lines.push(line) },
    { environment: "local" },
  );

  it("are masked wherever they stand, and the line stays JSON", () => {
    const secret = "s3cr3t-VALUE.1";
    const places: object[] = [
      { headers: { authorization: `Bearer ${secret}`, cookie: `session=${secret}; a=b` } },
      { headers: { "set-cookie": `id=${secret}`, "x-api-key": secret } },
      { url: `/metrics?api_key=${secret}&page=2` },
      { url: `https://example.org/?page=2&access_token=${secret}#top` },
      { said: `Authorization: Basic ${secret}` },
      { error: new Error(`connect postgres://someone:${secret}@db.example.org/studio failed`) },
      { body: JSON.stringify({ password: secret, 'quoted"name': 1 }) },
      { body: JSON.stringify({ token: `with "quotes" and ${secret}`, more: 1 }) },
      { password: `with "quotes" and ${secret}` },
    ];
    for (const place of places) log.info(place, "request");
    expect(lines).toHaveLength(places.length);
    for (const [index, line] of lines.entries()) {
      expect(line, `line ${index}`).not.toContain(secret);
      expect(line, `line ${index}`).toContain("***");
      expect(JSON.parse(line)).toMatchObject({ message: "request" });
    }
  });

  it("leave other words alone", () => {
    lines.length = 0;
    const fields = { route: "/v1/keys/:id", tokens: 12, url: "http://127.0.0.1:8000/a?page=2" };
    log.info(fields, "a token a day");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ ...fields, message: "a token a day" });
  });
});

describe("a rotating file", () => {
  it("keeps every line, the newest in the file of the plain name", async () => {
    const file = new RotatingFile(join(folder, "log"), { bytes: 100, keep: 3 });
    for (let line = 0; line < 30; line++) file.write(`${String(line).padStart(9, "0")}\n`);
    file.close();
    expect((await readdir(folder)).toSorted()).toEqual(["log", "log.1", "log.2"]);
    const texts = await Promise.all(
      ["log.2", "log.1", "log"].map((name) => readFile(join(folder, name), "utf8")),
    );
    const numbers = texts.join("").trim().split("\n").map(Number);
    expect(numbers).toEqual(Array.from({ length: 30 }, (_, line) => line));
  });

  it("drops the oldest files", async () => {
    const file = new RotatingFile(join(folder, "log"), { bytes: 10, keep: 2 });
    for (let line = 0; line < 9; line++) file.write(`line ${line}\n`);
    file.close();
    expect((await readdir(folder)).toSorted()).toEqual(["log", "log.1", "log.2"]);
    expect(await readFile(join(folder, "log.2"), "utf8")).toBe("line 6\n");
  });

  it("drops files to which nothing was written for longer than its age, and no other", async () => {
    const path = join(folder, "log");
    const hours = (count: number) => new Date(Date.now() - count * 3_600_000);
    for (const [name, age] of [
      ["log", 30],
      ["log.1", 23],
      ["log.2", 25],
      ["other", 25],
    ] as const) {
      await writeFile(join(folder, name), "line\n");
      await utimes(join(folder, name), hours(age), hours(age));
    }
    const file = new RotatingFile(path, { age: 24 * 3_600_000 });
    file.write("line\n");
    file.close();
    expect((await readdir(folder)).toSorted()).toEqual(["log", "log.1", "other"]);
  });

  it("goes on in the file that another process began", async () => {
    const path = join(folder, "log");
    const one = new RotatingFile(path, { bytes: 20, keep: 3 });
    const other = new RotatingFile(path, { bytes: 20, keep: 3 });
    one.write("first of one\n");
    other.write("first of other\n");
    one.write("second of one\n");
    one.write("third of one\n");
    other.write("second of other\n");
    one.close();
    other.close();
    const texts = await Promise.all(
      (await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")),
    );
    const lines = texts.join("").trim().split("\n").toSorted();
    expect(lines).toEqual([
      "first of one",
      "first of other",
      "second of one",
      "second of other",
      "third of one",
    ]);
  });

  it("survives that its folder goes away, and writes again once it is back", async () => {
    const path = join(folder, "sub");
    await rename(await mkdtemp(join(folder, "new-")), path);
    const file = new RotatingFile(join(path, "log"), { bytes: 20 });
    file.write("before, long enough\n");
    await rename(path, join(folder, "away"));
    file.write("lost\n");
    await rename(join(folder, "away"), path);
    file.write("after\n");
    file.close();
    expect(await readFile(join(path, "log"), "utf8")).toContain("after");
  });
});
