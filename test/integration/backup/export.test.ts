import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hash } from "node:crypto";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { generateIdentity } from "../../../src/backup/age/identity.ts";
import { type ExportOptions, exportSnapshot } from "../../../src/backup/export/export.ts";
import type { ArchiveFormat } from "../../../src/backup/export/formats.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import type { Store } from "../../../src/backup/store/store.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { everything, open, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";
import { buildHostileTree } from "./hostile-tree.ts";
import { describeTree } from "./trees.ts";

/** Takes a snapshot of a tree and writes it as an archive. */
async function exported(
  tree: string,
  file: string,
  format: ArchiveFormat,
  options: Partial<ExportOptions> & { store?: Store } = {},
) {
  const { store = memoryStore(), ...rest } = options;
  const made = await snapshot({ store, sources: [everything(tree)] });
  return exportSnapshot({
    snapshot: await open(store, made.snapshot.id),
    format,
    output: { file, overwrite: false },
    ...rest,
  });
}

function missing(tool: string): boolean {
  return spawnSync(tool, ["--version"]).error !== undefined;
}

describe.each<[ArchiveFormat, string[]]>([
  ["tar", []],
  ["tar.gz", ["--gzip"]],
  ["tar.zst", ["--zstd"]],
])("a hostile tree as %s", (format, options) => {
  test.for(["tar", "bsdtar"])("is unpacked the same by %s", async (tool, context) => {
    if (missing(tool)) return context.skip(`${tool} is not installed`);
    const folder = temporaryFolder();
    const [tree, out, file] = [join(folder, "tree"), join(folder, "out"), join(folder, "archive")];
    buildHostileTree(tree);
    const report = await exported(tree, file, format);
    expect(report.notes).toEqual([]);
    expect(hash("sha256", readFileSync(file))).toBe(report.sha256);
    expect(statSync(file).size).toBe(report.bytes);
    mkdirSync(out);
    const made = spawnSync(tool, ["-x", "-p", ...options, "-f", file, "-C", out], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" },
    });
    expect(made.stderr.replace(/^tar: large: implausibly old.*\n/, "")).toBe("");
    expect(made.status).toBe(0);
    expect(describeTree(out)).toEqual(describeTree(tree));
    for (const root of [tree, out]) chmodSync(join(root, "read only"), 0o755);
  });
});

test("a zip archive holds what a zip can, and says what it cannot", async (context) => {
  if (missing("python3")) return context.skip("python3 is not installed");
  const folder = temporaryFolder();
  const [tree, file] = [join(folder, "tree"), join(folder, "archive.zip")];
  writeTree(tree, {
    "plain.txt": "plain",
    "é🎉": "text",
    "back\\slash": "b",
    "back%5Cslash": "other",
    "c:drive": "d",
    "sub/large": Buffer.alloc(9_500_000, "large content. "),
  });
  writeFileSync(Buffer.from(`${tree}/f\u00ff`, "latin1"), "no UTF-8");
  linkSync(join(tree, "plain.txt"), join(tree, "second"));
  execFileSync("ln", ["-s", "plain.txt", join(tree, "link")]);
  chmodSync(join(tree, "plain.txt"), 0o750);
  const report = await exported(tree, file, "zip");
  expect(report.notes).toEqual([
    { path: "back\\\\slash", note: "is named back%5Cslash_ in the archive" },
    { path: "c:drive", note: "is named c%3Adrive in the archive" },
    { path: "f\\377", note: "is named f%FF in the archive" },
    { path: "second", note: "is a hard link, and a file of its own in a zip" },
  ]);
  const script = [
    "import json, sys, zipfile",
    "z = zipfile.ZipFile(sys.argv[1])",
    "assert z.testzip() is None",
    "print(json.dumps({i.filename: [i.external_attr >> 16, i.file_size] for i in z.infolist()}))",
  ].join("\n");
  const found = JSON.parse(
    execFileSync("python3", ["-c", script, file], { encoding: "utf8" }),
  ) as Record<string, [number, number]>;
  expect(found).toMatchObject({
    "plain.txt": [0o100750, 5],
    second: [0o100750, 5],
    "é🎉": [0o100644, 4],
    "back%5Cslash_": [0o100644, 1],
    "back%5Cslash": [0o100644, 5],
    "c%3Adrive": [0o100644, 1],
    "f%FF": [0o100644, 8],
    link: [0o120777, 9],
    "sub/": [0o040755, 0],
    "sub/large": [0o100644, 9_500_000],
  });
});

test("the same selection gives the same bytes, whole for decoders that stop after one frame", async () => {
  const folder = temporaryFolder();
  const [tree, first, second] = [join(folder, "tree"), join(folder, "1"), join(folder, "2")];
  writeTree(tree, { a: "a", "b/c": Buffer.alloc(3_000_000, "studio") });
  const store = memoryStore();
  const one = await exported(tree, first, "tar.zst", { store });
  const two = await exported(tree, second, "tar.zst", { store });
  expect(two.sha256).toBe(one.sha256);
  const plain = await exported(tree, join(folder, "3"), "tar", { store });
  expect(hash("sha256", zstdDecompressSync(readFileSync(first)))).toBe(plain.sha256);
});

test("a part of a snapshot is chosen by paths and patterns, and hard links stay whole", async () => {
  const folder = temporaryFolder();
  const [tree, file] = [join(folder, "tree"), join(folder, "archive.tar")];
  writeTree(tree, { "a/one.md": "1", "a/two.txt": "2", "b/three.md": "3", "b/no.md": "4" });
  linkSync(join(tree, "a/one.md"), join(tree, "b/link.md"));
  const options = { paths: ["b"], include: ["**/*.md"], exclude: ["b/no.md"] };
  const report = await exported(tree, file, "tar", options);
  expect(report.counts).toEqual({ files: 2, directories: 1, links: 0, bytes: 2 });
  const listed = execFileSync("tar", ["-tf", file], { encoding: "utf8" });
  expect(listed).toBe("b/\nb/link.md\nb/three.md\n");
  expect(execFileSync("tar", ["-xOf", file, "b/link.md"], { encoding: "utf8" })).toBe("1");
});

test("an encrypted snapshot is exported with its key, to a stream too", async () => {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  writeTree(tree, { a: "secret" });
  const { identity, recipient } = generateIdentity();
  const store = memoryStore();
  const made = await snapshot({ store, sources: [everything(tree)], recipients: [recipient] });
  const stream = new PassThrough();
  const bytes = buffer(stream);
  const report = await exportSnapshot({
    snapshot: await open(store, made.snapshot.id, [`${identity}\n`]),
    format: "tar",
    output: { stream },
  });
  stream.end();
  expect(hash("sha256", await bytes)).toBe(report.sha256);
  expect((await bytes).includes("secret")).toBe(true);
});

describe("what cannot be exported leaves nothing behind", () => {
  test.for([
    ["a small file", "small content"],
    ["a large file", Buffer.alloc(6_000_000, "large")],
  ] as const)("%s whose stored bytes were changed", async ([, content]) => {
    const folder = temporaryFolder();
    const [tree, repository, out] = [
      join(folder, "tree"),
      join(folder, "repository"),
      join(folder, "out"),
    ];
    writeTree(tree, { file: content });
    mkdirSync(out);
    const store = localStore(repository);
    const made = await snapshot({ store, sources: [everything(tree)] });
    for await (const { key } of store.list("objects/")) {
      if (key.endsWith(".page.zst")) continue;
      const bytes = readFileSync(join(repository, key));
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      chmodSync(join(repository, key), 0o600);
      writeFileSync(join(repository, key), bytes);
    }
    const options = {
      snapshot: await open(store, made.snapshot.id),
      format: "tar.gz" as const,
      output: { file: join(out, "archive.tar.gz"), overwrite: false },
    };
    await expect(exportSnapshot(options)).rejects.toMatchObject({ code: "backup.damaged" });
    expect(readdirSync(out)).toEqual([]);
  });

  test("an archive of a name that is taken, or in a folder that is not there", async () => {
    const folder = temporaryFolder();
    const tree = join(folder, "tree");
    writeTree(tree, { a: "a" });
    writeFileSync(join(folder, "taken.tar"), "mine");
    const taken = exported(tree, join(folder, "taken.tar"), "tar");
    await expect(taken).rejects.toMatchObject({ code: "usage", exitCode: 2 });
    expect(readFileSync(join(folder, "taken.tar"), "utf8")).toBe("mine");
    const nowhere = exported(tree, join(folder, "no/where.tar"), "tar");
    await expect(nowhere).rejects.toMatchObject({ code: "export.unwritable", exitCode: 8 });
    const file = join(folder, "taken.tar");
    await exported(tree, file, "tar", { output: { file, overwrite: true } });
    expect(execFileSync("tar", ["-tf", file], { encoding: "utf8" })).toBe("a\n");
  });

  test("an archive that is broken off", async () => {
    const folder = temporaryFolder();
    const tree = join(folder, "tree");
    writeTree(tree, { a: "a", b: Buffer.alloc(9_000_000, "b"), c: "c" });
    mkdirSync(join(folder, "out"));
    const ender = new AbortController();
    const broken = exported(tree, join(folder, "out", "x.tar"), "tar", {
      signal: ender.signal,
      onProgress: () => ender.abort(new Error("enough")),
    });
    await expect(broken).rejects.toThrow();
    expect(existsSync(join(folder, "out", "x.tar"))).toBe(false);
    expect(readdirSync(join(folder, "out"))).toEqual([]);
  });

  test.runIf(existsSync("/dev/full"))("an archive for which there is no room", async () => {
    const folder = temporaryFolder();
    const tree = join(folder, "tree");
    writeTree(tree, { b: Buffer.alloc(9_000_000, "b") });
    const { createWriteStream } = await import("node:fs");
    const stream = createWriteStream("/dev/full");
    const full = exported(tree, "", "tar", { output: { stream } });
    await expect(full).rejects.toMatchObject({ code: "export.full", exitCode: 8 });
  });
});
