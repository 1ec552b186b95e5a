import { readFileSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { registry } from "../../../commands/registry.ts";
import { parseArguments } from "../../../src/cli/program.ts";
import { matchWords } from "../../../src/cli/registry.ts";

const root = resolve(import.meta.dirname, "../../..");

/** In messages and hints: `studio …` between grave accents, inside a string. */
const inMessages = [/"[^"\n]*?`studio ([^`"$]+)/g, /\\`studio ([^`$\\]+)/g];
const inExamples = [/line: "studio ([^"]+)"/g];
/** In documents and templates: a phrase, and a line of a fenced block. */
const inDocuments = [/`studio ([^`\n]+)`/g];
const inFences = [/^(?:\$ |npx )?studio ([a-z][^#\n]*)/gm];

function mentions(): { file: string; line: string }[] {
  return [
    ...sources(["src", "commands"], ".ts").flatMap((file) =>
      found(file, [...inMessages, ...inExamples]),
    ),
    ...["README.md", "src/README.md", ...sources(["templates"], "")].flatMap((file) => [
      ...found(file, inDocuments),
      ...found(file, inFences, (text) => (text.match(/^```[^]*?^```/gm) ?? []).join("\n")),
    ]),
  ];
}

function sources(folders: readonly string[], ending: string): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
        .map((entry) => relative(root, join(entry.parentPath, entry.name))),
    )
    .sort();
}

function found(file: string, patterns: readonly RegExp[], part = (text: string) => text) {
  const text = part(readFileSync(join(root, file), "utf8"));
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, line = ""]) => ({ file, line: line.trim() })),
  );
}

test("every command that a message, an example or a document names can be typed", () => {
  const all = mentions();
  expect(all.length).toBeGreaterThan(60);
  const lost = all.filter(({ line }) => {
    const { entry, unknown } = matchWords(registry, line.split(/[\s;]+/));
    return entry === null && unknown !== null && /^[a-z-]+$/.test(unknown);
  });
  expect(lost).toEqual([]);
});

test("every example of a help page is accepted as it stands", async () => {
  const examples = sources(["commands"], ".ts").flatMap((file) => found(file, inExamples));
  expect(examples.length).toBeGreaterThan(30);
  for (const { line } of examples) {
    const argv = line.replace(/ > .*/, "").split(" ");
    const { action } = await parseArguments(registry, argv, "0");
    expect(action.kind, line).toBe("run");
  }
});
