import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesSource } from "../../../src/backup/sources/files.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { open, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";

const withheld = {
  patterns: ["**/.env*"],
  remark: (paths: readonly string[]) => `left out: ${paths.join(" ")}`,
};

async function take(include: string[], exclude: string[] = []) {
  const directory = temporaryFolder();
  writeTree(directory, {
    ".env": "SECRET=1",
    ".env.d/inside": "SECRET=2",
    "app/.env.local": "SECRET=3",
    "app/code": "text",
    "other/.env": "SECRET=4",
  });
  mkdirSync(join(directory, "empty"));
  const store = memoryStore();
  const source = filesSource({ directory, include, exclude, withheld });
  const { snapshot: made, remarks } = await snapshot({ store, sources: [source] });
  const paths: string[] = [];
  for await (const page of (await open(store, made.id)).entries()) {
    paths.push(...page.map(({ path }) => path));
  }
  return { paths, remarks };
}

test("what is withheld is left out wherever it is, and told of once", async () => {
  const { paths, remarks } = await take(["app/**", "**/.env*", "empty"]);
  expect(paths).toEqual(["app", "app/code", "empty"]);
  expect(remarks).toEqual(["left out: .env .env.d app/.env.local other/.env"]);
});

test("what is not included anyhow, or is excluded, is not told of", async () => {
  const { paths, remarks } = await take(["app/**"], ["**/.env.local"]);
  expect(paths).toEqual(["app", "app/code"]);
  expect(remarks).toEqual([]);
  expect((await take(["**/code"])).remarks).toEqual([]);
});

test("a folder with nothing but what is withheld counts as empty", async () => {
  const directory = temporaryFolder();
  writeTree(directory, { ".env": "SECRET=1" });
  const sourceWith = (more: object) =>
    filesSource({ directory, include: [".env*"], exclude: [], ...more });
  expect(await sourceWith({ withheld }).isEmpty()).toBe(true);
  expect(await sourceWith({}).isEmpty()).toBe(false);
});
