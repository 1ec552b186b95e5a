import { hash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { copyFiles } from "../../../src/remote/host/copy-files.ts";
import { homeBelow } from "../../../src/remote/host/home.ts";
import {
  type HomeFiles,
  checkPaths,
  incomingFile,
  openHomeFiles,
} from "../../../src/remote/host/home-files.ts";
import { finishTaking, takeFiles } from "../../../src/remote/host/take-files.ts";
import type { ProjectFile } from "../../../src/remote/protocol.ts";

let folder: string;
let home: HomeFiles;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-take-"));
  home = openHomeFiles(homeBelow(folder));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A file whose content has arrived. */
function arrived(path: string, text: string, kind: ProjectFile["kind"] = "project"): ProjectFile {
  const sha256 = hash("sha256", text);
  writeFileSync(incomingFile(home.paths, sha256), text);
  return { path, sha256, bytes: text.length, executable: false, kind };
}

const read = (path: string) => readFileSync(join(folder, path), "utf8");

function put(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

test("what is sent takes its place, and what was sent before and is gone goes", async () => {
  put("uploads/picture", "of a user");
  await takeFiles(home, [arrived("a/one", "1"), arrived("two", "2"), arrived("a/again", "1")]);
  expect([read("a/one"), read("two"), read("a/again")]).toEqual(["1", "2", "1"]);
  await takeFiles(home, [arrived("two", "2b")]);
  expect(read("two")).toBe("2b");
  expect(existsSync(join(folder, "a"))).toBe(false);
  expect(read("uploads/picture")).toBe("of a user");
});

test("a checkout without models and secrets leaves those that another one brought", async () => {
  const model = arrived("models/m/model.onnx", "weights", "model");
  await takeFiles(home, [arrived("one", "1"), model, arrived(".env.production", "A=1", "secret")]);
  expect(statSync(join(folder, ".env.production")).mode & 0o777).toBe(0o600);
  await takeFiles(home, [arrived("one", "1")]);
  expect([read("models/m/model.onnx"), read(".env.production")]).toEqual(["weights", "A=1"]);
  await takeFiles(home, [arrived("models/other/model.onnx", "new", "model")]);
  expect(readdirSync(join(folder, "models"))).toEqual(["other"]);
  expect(read(".env.production")).toBe("A=1");
});

test("what a run that died left half-way is carried through by the next one", async () => {
  await takeFiles(home, [arrived("one", "1"), arrived("two", "2")]);
  const files = [arrived("one", "1b"), arrived("three", "3")];
  writeFileSync(home.paths.taking, JSON.stringify(files));
  put("one", "1b");
  await finishTaking(openHomeFiles(home.paths));
  expect([read("one"), read("three"), existsSync(join(folder, "two"))]).toEqual(["1b", "3", false]);
  expect(existsSync(home.paths.taking)).toBe(false);
});

test("what can no longer be carried through changes nothing", async () => {
  await takeFiles(home, [arrived("one", "1")]);
  const lost = { ...arrived("one", "1b") };
  rmSync(incomingFile(home.paths, lost.sha256));
  writeFileSync(home.paths.taking, JSON.stringify([lost]));
  await finishTaking(home);
  expect(read("one")).toBe("1");
});

test("a copy shows the project with what was sent, and leaves it as it is", async () => {
  await takeFiles(home, [arrived("notes/one", "1"), arrived("notes/gone", "2")]);
  put("notes/made-there", "3");
  put("uploads/picture", "4");
  const copy = await copyFiles(home, [arrived("notes/one", "1b")], new Date());
  expect(readdirSync(copy).toSorted()).toEqual([".studio", "notes", "uploads"]);
  expect(readdirSync(join(copy, "notes")).toSorted()).toEqual(["made-there", "one"]);
  expect(readFileSync(join(copy, "notes", "one"), "utf8")).toBe("1b");
  expect(read("notes/one")).toBe("1");
  rmSync(copy, { recursive: true });
  expect([read("uploads/picture"), read("notes/gone")]).toEqual(["4", "2"]);
});

test.each(["../outside", "/etc/passwd", ".studio/state.db", "a/../../b", "./a"])(
  "a list that names %s is refused",
  (path) => {
    expect(() => checkPaths([arrived(path, "1")])).toThrow("none of a project");
  },
);
