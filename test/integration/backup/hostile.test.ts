import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { objectOfKey } from "../../../src/backup/format/object.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { rounds, timeLimit } from "../../support/every.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { everything, restore, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

const root = process.getuid?.() === 0;

/** Bytes of a name: anything but a slash and a zero byte. */
const name = fc
  .uint8Array({ minLength: 1, maxLength: 255 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x5f : byte))))
  .filter((bytes) => bytes.toString("latin1") !== "." && bytes.toString("latin1") !== "..");
const odd = fc.constantFrom(
  ..."\n|\t|a\nb|'|\"|\\|\\n|\\012|-|--x|*|?|[a]|{a,b}|~|$HOME|`x`|;|&|#|%s|!|é|\ud83c\udf89|.studio|.studioignore2| "
    .split("|")
    .map((text) => Buffer.from(text)),
);
const item = fc.record({
  folders: fc.array(fc.oneof(name, odd), { maxLength: 4 }),
  name: fc.oneof(name, odd, fc.constant(Buffer.alloc(255, "x"))),
  kind: fc.constantFrom(
    "file",
    "file",
    "large",
    "sparse",
    "link",
    "loop",
    "hard",
    "fifo",
    "folder",
  ),
  size: fc.integer({ min: 0, max: 5000 }),
});

type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;

const slash = Buffer.from("/");

function build(tree: string, items: readonly Item[]): void {
  mkdirSync(tree, { recursive: true });
  let last: Buffer | null = null;
  for (const one of items) {
    const folder = Buffer.concat([
      Buffer.from(tree),
      ...one.folders.flatMap((part) => [slash, part]),
    ]);
    const path = Buffer.concat([folder, slash, one.name]);
    try {
      mkdirSync(folder, { recursive: true });
      if (one.kind === "folder") mkdirSync(path);
      if (one.kind === "file") writeFileSync(path, randomBytes(one.size), { flag: "wx" });
      if (one.kind === "large")
        writeFileSync(path, randomBytes(1_100_000 + one.size), { flag: "wx" });
      if (one.kind === "sparse") {
        writeFileSync(path, randomBytes(one.size), { flag: "wx" });
        truncateSync(path, 2_000_000 + one.size);
      }
      if (one.kind === "link") symlinkSync(one.name, path);
      if (one.kind === "loop") symlinkSync(Buffer.concat([Buffer.from("./"), one.name]), path);
      if (one.kind === "hard" && last !== null) linkSync(last, path);
      if (one.kind === "fifo") execFileSync("mkfifo", [path.toString()], { stdio: "ignore" });
      if (one.kind === "file") last = path;
    } catch {
      // Taken by another kind of thing: the tree is random, so be it.
    }
  }
}

test(
  "any names and kinds of files come back, twice over",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 12 }), async (items) => {
        const folder = temporaryFolder();
        const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
        build(tree, items);
        const store = memoryStore();
        const options = { store, sources: [everything(tree)], workDirectory };
        for (const number of [1, 2]) {
          const id = `2026010${number}T000000Z-aaaa`;
          expect(await snapshot({ ...options, id })).toMatchObject({ skipped: [], vanished: [] });
          expect(await verify({ store, id })).toMatchObject({ ok: true });
          const target = join(folder, `out-${number}`);
          await restore({ store, id, target });
          expect(describeTree(target)).toEqual(describeTree(tree));
        }
      }),
      { numRuns: rounds(8, 300) },
    );
  },
  timeLimit(600_000),
);

test("a socket, like a FIFO, is told and left out", async () => {
  const folder = temporaryFolder();
  writeTree(join(folder, "tree"), { a: "a" });
  const server = createServer().listen(join(folder, "tree", "socket"));
  await once(server, "listening");
  const store = memoryStore();
  const report = await snapshot({ store, sources: [everything(join(folder, "tree"))] });
  server.close();
  expect(report.ignored).toEqual([{ path: "socket", kind: "a socket" }]);
  expect(report.snapshot.counts).toMatchObject({ files: 1, skipped: 0 });
});

// With some of them the deepest file fits, and not under the longer name that it has meanwhile.
test.each([281, 300, 318])(
  "what lies deeper than a path can say is told, and all else comes back: %i",
  async (length) => {
    // As long wherever temporary files lie.
    const folder = `${temporaryFolder()}/${"-".repeat(100)}/`.padEnd(length, "-");
    const tree = join(folder, "tree");
    writeTree(tree, { a: "a", "z/b": "b" });
    const step = "d".repeat(250);
    // Relative to where it is, a shell gets one step further than a whole path can.
    const script = `while mkdir "${step}" && echo > file && cd "${step}"; do :; done`;
    spawnSync("sh", ["-c", script], { cwd: tree });
    const store = memoryStore();
    const report = await snapshot({ store, sources: [everything(tree)] });
    expect(report.skipped.length).toBeGreaterThan(0);
    expect(report.skipped[0]?.reason).toContain("ENAMETOOLONG");
    expect(report.snapshot.counts.files).toBeGreaterThan(10);
    const target = join(folder, "o");
    const restored = await restore({ store, id: report.snapshot.id, target });
    expect(restored.damaged).toEqual([]);
    expect(readFileSync(join(target, "z/b"), "utf8")).toBe("b");
    // Where the path is longer by a little, what no longer fits is an error that says so.
    const far = join(folder, "f".repeat(255), "o".repeat(255), "r".repeat(255));
    const failed = restore({ store, id: report.snapshot.id, target: far });
    await expect(failed).rejects.toMatchObject({ code: "restore.failed", exitCode: 8 });
    execFileSync("rm", ["-rf", folder]);
  },
);

test(
  "files that change, grow, shrink and vanish while they are read make a whole snapshot",
  async () => {
    const folder = temporaryFolder();
    const tree = join(folder, "tree");
    const files: Record<string, Buffer> = {
      steady: randomBytes(2_000_000),
      log: Buffer.alloc(2_000_000),
    };
    for (let number = 0; number < 10; number += 1) {
      files[`growing-${number}`] = Buffer.alloc(1_048_000);
      files[`shrinking-${number}`] = Buffer.alloc(900_000);
      files[`steady-${number}`] = randomBytes(3000);
    }
    writeTree(tree, files);
    const restless = spawn(process.execPath, [join(import.meta.dirname, "restless.ts"), tree], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(restless.stdout, "data");
      const store = localStore(join(folder, "repository"));
      const workDirectory = join(folder, "work");
      for (let round = 1; round <= rounds(4, 60); round += 1) {
        const report = await snapshot({ store, sources: [everything(tree)], workDirectory });
        // Gone is a note; nothing here is unreadable.
        expect(report.skipped).toEqual([]);
        for (const path of report.vanished) expect(path).toMatch(/^(comes-and-goes|beside)/);
        const { id } = report.snapshot;
        expect((await verify({ store, id })).problems).toEqual([]);
        const target = join(folder, "out");
        const { damaged } = await restore({ store, id, target });
        expect(damaged).toEqual([]);
        for (const [path, content] of Object.entries(files)) {
          if (path.startsWith("steady")) expect(readFileSync(join(target, path))).toEqual(content);
        }
        rmSync(target, { recursive: true });
      }
      restless.kill("SIGKILL");
      await once(restless, "exit");
      // Once all is quiet, the next snapshot is exact.
      const { snapshot: made } = await snapshot({
        store,
        sources: [everything(tree)],
        workDirectory,
      });
      await restore({ store, id: made.id, target: join(folder, "out") });
      expect(describeTree(join(folder, "out"))).toEqual(describeTree(tree));
    } finally {
      restless.kill("SIGKILL");
    }
  },
  timeLimit(300_000),
);

test("what may not be read is told, and the rest is stored", async (context) => {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  writeTree(tree, {
    a: "a",
    secret: "s",
    large: randomBytes(1_200_000),
    "closed/in": "in",
    z: "z",
  });
  const act = { action: "create", repository: join(folder, "repository"), after: 0, ahead: 0 };
  const more = { workDirectory: join(folder, "work"), id: "20260101T000000Z-aaaa", folder: tree };
  const argv = [
    join(import.meta.dirname, "actor.ts"),
    JSON.stringify({ ...act, ...more, keep: 1 }),
  ];
  const nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", process.execPath];
  const probe = spawnSync("setpriv", [...nobody, "--version"]);
  if (root && probe.status !== 0) return context.skip("another user cannot be had with setpriv");
  chmodSync(folder, 0o755);
  for (const path of ["repository", "work"]) mkdirSync(join(folder, path));
  if (root) for (const path of ["repository", "work"]) chownSync(join(folder, path), 65534, 65534);
  for (const path of ["secret", "large", "closed"]) chmodSync(join(tree, path), 0);
  const [program, parameters] = root ? ["setpriv", [...nobody, ...argv]] : [process.execPath, argv];
  const { status, stdout, stderr } = spawnSync(program, parameters, { encoding: "utf8" });
  for (const path of ["secret", "large", "closed"]) chmodSync(join(tree, path), 0o700);
  expect([status, stderr]).toEqual([0, ""]);
  const { skipped } = JSON.parse(stdout) as { skipped: { path: string; reason: string }[] };
  expect(skipped.map(({ path }) => path).toSorted()).toEqual(["closed", "large", "secret"]);
  for (const { reason } of skipped) expect(reason).toContain("EACCES");
  const target = join(folder, "out");
  await restore({ store: localStore(join(folder, "repository")), id: more.id, target });
  expect(readdirSync(target).toSorted()).toEqual(["a", "closed", "z"]);
});

test("a damaged file is refused with all its names, and everything else comes back", async () => {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  writeTree(tree, { large: randomBytes(1_500_000), other: randomBytes(1_600_000), "d/small": "s" });
  linkSync(join(tree, "large"), join(tree, "d", "same"));
  symlinkSync("large", join(tree, "link"));
  utimesSync(join(tree, "d"), 1e9, 1e9);
  const store = memoryStore();
  const { snapshot: made } = await snapshot({ store, sources: [everything(tree)] });
  const sizes = new Map([...store.files].map(([key, bytes]) => [bytes.length, key]));
  const chunks = [...sizes]
    .filter(([, key]) => objectOfKey(key)?.kind === "chunk")
    .toSorted(([one], [other]) => one - other);
  const key = chunks[0]?.[1] ?? "";
  const bytes = store.files.get(key) ?? Buffer.alloc(0);
  bytes[100] = (bytes[100] ?? 0) ^ 4;
  for (const conflict of ["fail", "always"] as const) {
    const target = join(folder, conflict);
    if (conflict === "always") writeTree(target, { large: "mine", "d/same": "mine as well" });
    const report = await restore({ store, id: made.id, target, conflict });
    expect(report.damaged.map(({ path }) => path).toSorted()).toEqual(["d/same", "large"]);
    expect(report.damaged[0]?.reason).toContain("holds other bytes than were written");
    const isKept = conflict === "always";
    const [wanted, found] = [describeTree(tree), describeTree(target)];
    const { large, "d/same": same } = found;
    // A folder that was there keeps its times.
    for (const path of ["large", "d/same", ...(isKept ? ["d"] : [])]) {
      delete wanted[path];
      delete found[path];
    }
    expect(found).toEqual(wanted);
    expect([large !== undefined, same !== undefined]).toEqual([isKept, isKept]);
    if (isKept) expect(readFileSync(join(target, "d/same"), "utf8")).toBe("mine as well");
  }
});

test("of a snapshot with a damaged list of files all others come back, and that is told", async () => {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  const files = Array.from({ length: 5000 }, (_, number) => [
    `d${number % 7}/f${number}`,
    `${number}`,
  ]);
  writeTree(tree, Object.fromEntries(files) as Record<string, string>);
  linkSync(join(tree, "d0/f0"), join(tree, "z"));
  const store = memoryStore();
  const { snapshot: made } = await snapshot({ store, sources: [everything(tree)] });
  const wanted = describeTree(tree);
  const pages = [...store.files.keys()].filter((key) => objectOfKey(key)?.kind === "page");
  expect(pages.length).toBeGreaterThan(2);
  for (const [number, key] of pages.entries()) {
    const whole = store.files.get(key) ?? Buffer.alloc(0);
    const bytes = Buffer.from(whole);
    bytes[30] = (bytes[30] ?? 0) ^ 8;
    store.files.set(key, bytes);
    const target = join(folder, `out-${number}`);
    const { damaged, written } = await restore({ store, id: made.id, target });
    expect(damaged.length).toBeGreaterThan(0);
    expect(damaged[0]?.path).toContain("paths whose list is damaged");
    const found = describeTree(target);
    const lost = Object.keys(wanted).length - Object.keys(found).length;
    expect([written > 1000, lost > 0, lost < 4900]).toEqual([true, true, true]);
    for (const [path, { content }] of Object.entries(found)) {
      const hash = (text: string | undefined) => text?.slice(0, 64);
      expect(hash(content), path).toBe(hash(wanted[path]?.content));
    }
    store.files.set(key, whole);
  }
});
