import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");

test("the long form of the tests has every file in it that has a long form", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const [, list = ""] = scripts["test:long"]?.split(" vitest run ") ?? [];
  const parts = list.split(" ");
  const files = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `test/${name}`);
  const long = files.filter((file) =>
    /from "[./]+\/support\/(every|in-long-form)\.ts"|STUDIO_TEST_DEPLOYS/.test(
      readFileSync(join(root, file), "utf8"),
    ),
  );
  expect(long.length).toBeGreaterThan(30);
  const leftOut = long.filter((file) => !parts.some((part) => file.startsWith(part)));
  expect(leftOut.filter((file) => !file.endsWith("long-form.test.ts"))).toEqual([]);
  for (const part of parts)
    expect(
      files.filter((file) => file.startsWith(part)),
      part,
    ).not.toEqual([]);
});
