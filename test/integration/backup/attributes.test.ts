import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseDump, writeDump } from "../../../src/backup/attributes/dump.ts";
import { exportSnapshot } from "../../../src/backup/export/export.ts";
import { readGuides } from "../../../src/backup/guides.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { everything, open, restore, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";

import { imported } from "./imports.ts";

const root = process.getuid?.() === 0;

/** Why real attributes cannot be tested here; empty where they can. */
const reason = whyNot();

function whyNot(): string {
  for (const tool of ["getfattr", "setfattr", "xargs"]) {
    if (spawnSync(tool, ["--version"]).error !== undefined) return `${tool} is not installed`;
  }
  const probe = mkdtempSync(join(tmpdir(), "studio-attributes-"));
  const { status } = spawnSync("setfattr", ["-n", "user.probe", "-v", "x", probe]);
  rmSync(probe, { recursive: true });
  return status === 0 ? "" : "the file system of temporary files has no extended attributes";
}

function set(file: string, name: string, value: string): void {
  execFileSync("setfattr", ["-n", name, "-v", value, file]);
}

/** What getfattr says about all of a tree, sorted. */
function attributesOf(tree: string): string {
  const argv = ["-R", "-d", "-m", "^(user|security.cap|system.posix)", "-e", "hex", "."];
  const blocks = execFileSync("getfattr", argv, { cwd: tree, encoding: "latin1" }).split("\n\n");
  return blocks.sort().join("\n\n");
}

/** A tree with attributes of each kind, as far as the user who tests may set them. */
function buildTree(tree: string): void {
  writeTree(tree, {
    plain: "no attributes",
    "user file": "u",
    "odd\nna=me\\": "o",
    large: Buffer.alloc(1_200_000, "l"),
    "folder/in": "i",
    "-dash": "d",
  });
  writeFileSync(Buffer.from(`${tree}/f\u00ff`, "latin1"), "no UTF-8");
  execFileSync("sh", ["-c", `setfattr -n user.bytes -v 0x00ff0a3d "${tree}"/f?`]);
  set(join(tree, "user file"), "user.comment", "text with\nbreaks");
  set(join(tree, "user file"), "user.a=b\\c\nd", "x");
  execFileSync("setfattr", ["-n", "user.empty", join(tree, "user file")]);
  set(join(tree, "odd\nna=me\\"), "user.odd", "=");
  set(join(tree, "large"), "user.large", "l".repeat(1000));
  set(join(tree, "folder"), "user.folder", "f");
  set(join(tree, "-dash"), "user.dash", "d");
  linkSync(join(tree, "user file"), join(tree, "second"));
  if (spawnSync("setfacl", ["-m", "u:1234:r", join(tree, "plain")]).status === 0) {
    execFileSync("setfacl", ["-d", "-m", "g:4321:rx", join(tree, "folder")]);
  }
  if (root) spawnSync("setcap", ["cap_net_raw+ep", join(tree, "large")]);
}

describe("extended attributes", () => {
  test("come back by studio and by restore.sh: of users, access lists, capabilities", async (context) => {
    if (reason !== "") return context.skip(reason);
    const folder = temporaryFolder();
    const [tree, repository] = [join(folder, "tree"), join(folder, "repository")];
    buildTree(tree);
    const guides = readGuides(resolve(import.meta.dirname, "../../../templates"));
    const store = localStore(repository);
    const made = await snapshot({ store, sources: [everything(tree)], guides });
    expect(made.attributes).toBe(true);
    const { id } = made.snapshot;
    const report = await restore({ store, id, target: join(folder, "restored") });
    expect(report.attributes).toBe(null);
    expect(attributesOf(join(folder, "restored"))).toBe(attributesOf(tree));
    if (spawnSync("zstd", ["--version"]).error !== undefined) return;
    const script = [join(repository, "restore.sh"), id, join(folder, "by hand")];
    const made2 = spawnSync("sh", script, { env: { PATH: process.env["PATH"] }, encoding: "utf8" });
    expect(made2).toMatchObject({ status: 0, stderr: "" });
    expect(attributesOf(join(folder, "by hand"))).toBe(attributesOf(tree));
  });

  test("are read of what has changed alone, and carried over of the rest", async (context) => {
    if (reason !== "") return context.skip(reason);
    const folder = temporaryFolder();
    const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
    writeTree(tree, { a: "a", b: "b" });
    set(join(tree, "a"), "user.x", "1");
    // What has only just changed is looked at again, whatever is known of it.
    const now = (): Date => new Date(Date.now() + 10_000);
    const options = { store: memoryStore(), sources: [everything(tree)], workDirectory, now };
    await snapshot(options);
    const path = process.env["PATH"];
    onTestFinished(() => {
      process.env["PATH"] = path;
    });
    process.env["PATH"] = join(folder, "nothing");
    const kept = await snapshot(options);
    expect(kept.attributes).toBe(true);
    writeTree(tree, { b: "changed" });
    const without = await snapshot(options);
    expect(without.attributes).toBe(false);
    process.env["PATH"] = path;
    set(join(tree, "b"), "user.y", "2");
    const { snapshot: last } = await snapshot(options);
    await restore({ store: options.store, id: last.id, target: join(folder, "out") });
    expect(attributesOf(join(folder, "out"))).toBe(attributesOf(tree));
  });

  test("that could not be read before are read of everything once they can be", async (context) => {
    if (reason !== "") return context.skip(reason);
    const folder = temporaryFolder();
    const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
    writeTree(tree, { a: "a", "b/c": "c" });
    set(join(tree, "a"), "user.x", "1");
    set(join(tree, "b"), "user.y", "2");
    const now = (): Date => new Date(Date.now() + 10_000);
    const options = { store: memoryStore(), sources: [everything(tree)], workDirectory, now };
    const path = process.env["PATH"];
    onTestFinished(() => {
      process.env["PATH"] = path;
    });
    process.env["PATH"] = join(folder, "nothing");
    expect(await snapshot(options)).toMatchObject({ attributes: false, skipped: [] });
    process.env["PATH"] = path;
    const { snapshot: second, attributes } = await snapshot(options);
    expect(attributes).toBe(true);
    const restoring = { store: options.store, id: second.id, target: join(folder, "out") };
    await restore(restoring);
    expect(attributesOf(join(folder, "out"))).toBe(attributesOf(tree));
    process.env["PATH"] = join(folder, "nothing");
    const report = await restore({ ...restoring, target: join(folder, "other") });
    expect(report.attributes).toBe(
      "Extended attributes of 2 files and folders are not all set: install attr, which has setfattr.",
    );
  });

  test("of a file that nobody may write to come back for the superuser", async (context) => {
    if (reason !== "" || !root) return context.skip(reason || "only the superuser can");
    const folder = temporaryFolder();
    const tree = join(folder, "tree");
    mkdirSync(tree);
    writeTree(tree, { sealed: "s" });
    set(join(tree, "sealed"), "user.x", "1");
    chmodSync(join(tree, "sealed"), 0o444);
    const store = memoryStore();
    const { snapshot: made } = await snapshot({ store, sources: [everything(tree)] });
    await restore({ store, id: made.id, target: join(folder, "out") });
    expect(attributesOf(join(folder, "out"))).toBe(attributesOf(tree));
  });
});

test("extended attributes go into a tar archive, and come back out of one", async (context) => {
  if (reason !== "") return context.skip(reason);
  const folder = temporaryFolder();
  const [tree, file, byTar] = [join(folder, "tree"), join(folder, "a.tar"), join(folder, "tar")];
  buildTree(tree);
  // No pax header can hold an attribute whose name has a "=".
  execFileSync("setfattr", ["-x", "user.a=b\\c\nd", join(tree, "user file")]);
  const store = memoryStore();
  const { snapshot: made } = await snapshot({ store, sources: [everything(tree)] });
  const output = { file, overwrite: false };
  await exportSnapshot({ snapshot: await open(store, made.id), format: "tar", output });
  mkdirSync(byTar);
  const kinds = ["--xattrs", "--xattrs-include=*"];
  execFileSync("tar", ["-xpf", file, ...kinds, "-C", byTar]);
  const expected = attributesOf(tree);
  expect(expected).toContain("user.large");
  expect(attributesOf(byTar)).toBe(expected);
  expect(attributesOf((await imported(file)).target)).toBe(expected);
  const foreign = join(folder, "foreign.tar");
  execFileSync("tar", ["-cf", foreign, "--format=pax", ...kinds, "-C", tree, "."]);
  expect(attributesOf((await imported(foreign)).target)).toBe(expected);
});

test("a dump is read as it is written, whatever names and values hold", () => {
  const attributes = { "user.a=b\\c\nd": "AAH/", "user.é": "", "security.capability": "eA==" };
  const path = "/x/odd\nna=me\\ é\udcff";
  const found = parseDump(writeDump([{ path, attributes }]).toString("latin1"));
  expect([...found.values()]).toEqual([attributes]);
  const foreign = "# file: /a\nsecurity.selinux=0seA==\ntrusted.x=0seA==\nuser.x=0seA==\n\n";
  expect(parseDump(foreign)).toEqual(new Map([["/a", { "user.x": "eA==" }]]));
});
