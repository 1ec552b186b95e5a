import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { formatProblem } from "../../../src/config/problems.ts";
import { parseSource, readSource } from "../../../src/config/source.ts";
import { toValue } from "../../../src/config/tree.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-source-"));
});
afterEach(() => rm(folder, { recursive: true }));

const problems = (text: string) => parseSource(text, "studio.yaml").problems.map(formatProblem);

test.each([
  ["an empty file", "", "studio.yaml:1:1: the file is empty"],
  ["a file of comments", "# nothing\n", "studio.yaml:1:1: the file is empty"],
  [
    "a list",
    "- a\n- b\n",
    "studio.yaml:1:1: the file must hold a map of keys and values, such as name: studio",
  ],
  [
    "a lone text",
    "\nhello\n",
    "studio.yaml:2:1: the file must hold a map of keys and values, such as name: studio",
  ],
  ["a tab", "deploy:\n\tdrain: 1s\n", "studio.yaml:2:1: a tab is used for indentation: use spaces"],
  [
    "a second document",
    "name: a\n---\nname: b\n",
    'studio.yaml:2:1: the file holds more than one document: remove the "---" line',
  ],
  [
    "a duplicate key",
    "serve:\n  port: 1\n  host: a\n  port: 2\n",
    "studio.yaml:4:3 serve.port: this key is given twice",
  ],
  [
    "an anchor",
    "name: &x a\n",
    'studio.yaml:1:10 name: anchors are not supported: put a text that starts with "&" in quotes',
  ],
  [
    "an alias",
    "name: *x\n",
    "studio.yaml:1:7 name: aliases are not supported: write the value out",
  ],
  [
    "a tag",
    "name: !secret a\n",
    'studio.yaml:1:15 name: tags are not supported: put a text that starts with "!" in quotes',
  ],
  ["a map as a key", "? [a]\n: 1\n", "studio.yaml:1:3: a key must be a plain word"],
  ["an open quote", "name: 'a\nb: c\n", "studio.yaml:3:1: YAML syntax: Missing closing 'quote"],
])("%s is refused with its line", (_kind, text, expected) => {
  expect(problems(text)).toContain(expected);
});

test("a merge key and its anchor are both refused", () => {
  const text = "a: &base { b: 1 }\nc:\n  <<: *base\n";
  expect(problems(text).map((line) => line.split(":")[1])).toEqual(["1", "3", "3"]);
});

test("several syntax errors are all reported", () => {
  expect(problems("a: [1\nb: 'x\n").length).toBeGreaterThan(1);
});

test("a syntax error does not quote the text it stumbled over", () => {
  for (const text of [
    'a: "x" hunter2\n',
    "a: @hunter2\n",
    "a: {b: c} hunter2}\n",
    "a: *hunter2",
    "a: !hunter2 x",
  ]) {
    expect(problems(text).length).toBeGreaterThan(0);
    expect(problems(text).join("\n")).not.toContain("hunter2");
  }
});

test("values keep the types of YAML 1.2, with a byte order mark and Windows line ends too", () => {
  const text = "\uFEFFa: yes\r\nb: true\r\nc: 10:00\r\nd: 2026-01-01\r\n1: [x, 2]\r\ne:\r\n";
  const { root } = parseSource(text, "studio.yaml");
  expect(root && toValue(root)).toEqual({
    a: "yes",
    b: true,
    c: "10:00",
    d: "2026-01-01",
    1: ["x", 2],
    e: null,
  });
});

const read = async (path: string) => {
  const { root, problems: found } = await readSource(path, "studio.yaml");
  expect(root).toBeNull();
  return found.map(formatProblem);
};

test("a directory in place of the file is named as such", async () => {
  const path = join(folder, "studio.yaml");
  await mkdir(path);
  expect(await read(path)).toEqual(["studio.yaml:1:1: is a directory, not a file"]);
});

test("links that lead nowhere are named as such", async () => {
  const path = join(folder, "studio.yaml");
  await symlink("absent.yaml", path);
  expect(await read(path)).toEqual(["studio.yaml:1:1: is a link to a file that does not exist"]);
  await rm(path);
  await symlink("studio.yaml", path);
  expect(await read(path)).toEqual(["studio.yaml:1:1: is a link that leads back to itself"]);
});

test.skipIf(process.getuid?.() === 0)(
  "a file without read permission is named as such",
  async () => {
    const path = join(folder, "studio.yaml");
    await writeFile(path, "name: a\n", { mode: 0 });
    expect(await read(path)).toEqual(["studio.yaml:1:1: cannot be read: permission denied"]);
  },
);

test("a file that is not UTF-8 is refused", async () => {
  const path = join(folder, "studio.yaml");
  await writeFile(path, Buffer.from([0x6e, 0x3a, 0x20, 0xff, 0xfe]));
  expect(await read(path)).toEqual(["studio.yaml:1:1: is not UTF-8 text"]);
});
