import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { create } from "tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findModels } from "../../../src/inference/models.ts";
import { type PullInput, pullModel } from "../../../src/inference/pull/pull-model.ts";
import { openLockFile } from "../../../src/sqlite/lock-file.ts";
import { modelFor } from "./model-repository.ts";

let folder: string;
const model = modelFor(1);
const hash = createHash("sha256").update(model).digest("hex");

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-pull-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(path: string, content: string | Buffer): Promise<string> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
  return join(folder, path);
}

const pull = (from: string, more: Partial<PullInput> = {}) =>
  pullModel({
    from,
    folder: join(folder, "models"),
    maximumBytes: 1_000_000,
    signal: new AbortController().signal,
    say: () => undefined,
    pause: 10,
    ...more,
  });

/** What a failed pull must leave: nothing that could be taken for a model. */
async function expectNothing(): Promise<void> {
  expect(await findModels([join(folder, "models")], join(folder, "none"))).toEqual([]);
  expect(existsSync(join(folder, "models/.pull/staged"))).toBe(false);
}

describe("pulling a file", () => {
  it("makes it the next version, with a manifest that guards it", async () => {
    const file = await write("in/votes.onnx", model);
    expect(await pull(file)).toMatchObject({ name: "votes", version: "1", sha256: hash });
    expect(await pull(file, { sha256: hash.toUpperCase() })).toMatchObject({ version: "2" });
    const [second] = await findModels([join(folder, "models")], join(folder, "none"));
    expect(second).toMatchObject({
      version: "2",
      manifest: join(folder, "models/votes/2/SHA256SUMS"),
    });
    await writeFile(second?.file ?? "", "changed");
    await expect(findModels([join(folder, "models")], "")).rejects.toMatchObject({
      code: "model.manifest",
    });
  });

  it("never replaces a version, nor adds one to a model without versions", async () => {
    const file = await write("in/votes.onnx", model);
    await write("models/votes/3/notes.txt", "mine");
    await expect(pull(file, { version: "3" })).rejects.toMatchObject({ code: "pull.exists" });
    await write("models/whole/model.onnx", model);
    await expect(pull(file, { name: "whole" })).rejects.toMatchObject({ code: "pull.exists" });
    expect(await readdir(join(folder, "models/votes/3"))).toEqual(["notes.txt"]);
  });

  it.each([
    ["a name that leads out", { name: "../up" }, "pull.name", 2],
    ["a version that leads out", { version: "../../up" }, "pull.name", 2],
    ["another hash", { sha256: "0".repeat(64) }, "pull.checksum", 4],
    ["more bytes than allowed", { maximumBytes: 100 }, "pull.size", 2],
  ])("with %s is refused", async (_what, more, code, exitCode) => {
    const file = await write("in/votes.onnx", model);
    await expect(pull(file, more)).rejects.toMatchObject({ code, exitCode });
    await expectNothing();
  });

  it("that is no model, or cannot be loaded, leaves nothing", async () => {
    const half = await write("in/half.onnx", model.subarray(0, 120));
    await expect(pull(half)).rejects.toMatchObject({
      code: "pull.source",
      message: expect.stringContaining("half.onnx is no ONNX model") as string,
    });
    const zip = await write("in/x.zip", Buffer.concat([Buffer.from("PK\u0003\u0004"), model]));
    await expect(pull(zip)).rejects.toMatchObject({ code: "pull.source" });
    await expect(pull(join(folder, "absent"))).rejects.toMatchObject({ code: "pull.source" });
    // The operator "Softmax" under a name that no runtime knows, of the same length.
    const odd = Buffer.from(model.toString("latin1").replace("Softmax", "Hardmix"), "latin1");
    await expect(pull(await write("in/odd.onnx", odd))).rejects.toMatchObject({
      code: "pull.unfit",
      exitCode: 4,
    });
    await expectNothing();
  });

  it("is refused while another pull into the same folder runs", async () => {
    const file = await write("in/votes.onnx", model);
    await mkdir(join(folder, "models/.pull"), { recursive: true });
    const lock = openLockFile(join(folder, "models/.pull/lock.db"));
    lock.tryAcquire("another");
    await expect(pull(file)).rejects.toMatchObject({ code: "pull.locked", exitCode: 7 });
    lock.close();
    expect(await pull(file)).toMatchObject({ version: "1" });
  });
});

describe("pulling a folder", () => {
  it("takes what Hugging Face has, links into its cache too, without other weights", async () => {
    const blob = await write("hub/blobs/abc", model);
    await write("hub/snapshots/main/config.json", '{"model_type":"bert"}');
    await write("hub/snapshots/main/tokenizer.json", "{}");
    await write("hub/snapshots/main/model.safetensors", "weights");
    await write("hub/snapshots/main/.git/HEAD", "hidden");
    await mkdir(join(folder, "hub/snapshots/main/onnx"));
    await symlink(blob, join(folder, "hub/snapshots/main/onnx/model.onnx"));
    const report = await pull(join(folder, "hub/snapshots/main"), { name: "bert", sha256: hash });
    expect(report).toMatchObject({ name: "bert", version: "1", kind: "folder" });
    const files = await readdir(report.folder, { recursive: true });
    expect(files.toSorted()).toEqual([
      "SHA256SUMS",
      "config.json",
      "onnx",
      "onnx/model.onnx",
      "tokenizer.json",
    ]);
  });

  it("refuses a link that leads out of it", async () => {
    await write("secret", "secret");
    await write("in/model.onnx", model);
    await symlink(join(folder, "secret"), join(folder, "in/tokenizer.json"));
    await expect(pull(join(folder, "in"))).rejects.toMatchObject({ code: "pull.unsafe" });
    await expectNothing();
  });
});

describe("pulling an archive", () => {
  async function pack(names: string[], options: { gzip?: boolean } = {}): Promise<string> {
    const file = join(folder, "packed.tar.gz");
    await create({ file, cwd: join(folder, "in"), preservePaths: true, ...options }, names);
    return file;
  }

  it.each([{ gzip: true }, { gzip: false }])("unpacks it, %o", async (options) => {
    await write("in/votes/4/model.onnx", model);
    await write("in/votes/4/config.yaml", "cache: true");
    const report = await pull(await pack(["votes"], options), { name: "votes" });
    expect(report.kind).toBe("archive");
    expect(await readFile(join(report.folder, "config.yaml"), "utf8")).toBe("cache: true");
  });

  it("refuses links, paths that lead out, bombs and broken ones", async () => {
    await write("in/model.onnx", model);
    await write("out.txt", "out");
    await symlink("/etc/passwd", join(folder, "in/tokenizer.json"));
    const links = await pack(["model.onnx", "tokenizer.json"], { gzip: true });
    await expect(pull(links)).rejects.toMatchObject({ code: "pull.unsafe" });
    const out = await pack(["model.onnx", "../out.txt"], { gzip: true });
    await expect(pull(out)).rejects.toMatchObject({ code: "pull.unsafe" });
    await write("in/zeros.bin", Buffer.alloc(5_000_000));
    const bomb = await pack(["model.onnx", "zeros.bin"], { gzip: true });
    await expect(pull(bomb)).rejects.toMatchObject({ code: "pull.size" });
    const cut = (await readFile(await pack(["model.onnx"], { gzip: true }))).subarray(0, -40);
    await expect(pull(await write("cut.tar.gz", cut))).rejects.toMatchObject({
      code: "pull.source",
    });
    await expectNothing();
    expect(existsSync(join(folder, "models/.pull/out.txt"))).toBe(false);
  });
});

describe("pulling from an address", () => {
  let server: Server;
  let address: string;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const ranges: (string | undefined)[] = [];

  beforeEach(async () => {
    ranges.length = 0;
    server = createServer((request, response) => {
      ranges.push(request.headers.range);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    address = `http://user:secret@127.0.0.1:${port}/some/votes.onnx?token=secret`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Sends the file from where it is asked to, and breaks off after `most` bytes. */
  function serve(content: Buffer, etag: string, most = Infinity): typeof answer {
    return (request, response) => {
      const start = request.headers["if-range"] === etag ? startOf(request) : 0;
      const rest = content.subarray(start);
      response.writeHead(start > 0 ? 206 : 200, {
        etag,
        "content-length": rest.length,
        ...(start > 0
          ? { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` }
          : {}),
      });
      if (rest.length <= most) response.end(rest);
      else response.write(rest.subarray(0, most), () => setTimeout(() => response.destroy(), 150));
    };
  }

  const startOf = ({ headers }: IncomingMessage) =>
    Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0);

  it("goes on where the connection broke, with the user's name and password", async () => {
    const authorizations = new Set<string | undefined>();
    answer = (request, response) => {
      authorizations.add(request.headers.authorization);
      serve(model, '"one"', 150)(request, response);
    };
    const report = await pull(address, { sha256: hash });
    expect(report).toMatchObject({ name: "votes", version: "1", sha256: hash });
    expect(ranges[0]).toBeUndefined();
    expect(ranges[1]).toMatch(/^bytes=\d+-$/);
    expect([...authorizations]).toEqual([`Basic ${Buffer.from("user:secret").toString("base64")}`]);
    expect(await readdir(join(folder, "models/.pull"))).toEqual(["lock.db"]);
  });

  it("goes on with what an earlier call has left, or starts anew where the file changed", async () => {
    const breakOff = async () => {
      const stop = new AbortController();
      answer = (request, response) => {
        serve(model, '"one"', 100)(request, response);
        setTimeout(() => stop.abort(), 100);
      };
      await expect(pull(address, { signal: stop.signal })).rejects.toThrow();
    };
    await breakOff();
    answer = serve(model, '"one"');
    expect(await pull(address)).toMatchObject({ resumed: 100, sha256: hash });
    await breakOff();
    const other = modelFor(2);
    answer = serve(other, '"two"');
    const report = await pull(address);
    expect(report.resumed).toBe(0);
    expect(await readFile(join(report.folder, "model.onnx"))).toEqual(other);
  });

  it("says what went wrong without a secret of the address", async () => {
    answer = (_request, response) => response.writeHead(404).end();
    const error = await pull(address).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "pull.download", exitCode: 8 });
    expect((error as Error).message).toMatch(/votes\.onnx could not be fetched: .* 404/);
    expect((error as Error).message).not.toContain("secret");
    answer = serve(Buffer.alloc(2000), '"big"');
    await expect(pull(address, { maximumBytes: 1000 })).rejects.toMatchObject({
      code: "pull.size",
    });
    answer = serve(model, '"one"');
    await expect(pull(address, { sha256: "0".repeat(64) })).rejects.toMatchObject({
      code: "pull.checksum",
    });
    await expectNothing();
  });

  it("gives up after some attempts without a byte, and keeps what came before", async () => {
    answer = (_request, response) => response.writeHead(503).end();
    await expect(pull(address)).rejects.toMatchObject({ code: "pull.download" });
    expect(ranges).toHaveLength(5);
  });
});
