import { expect, test } from "vitest";
import { compilePatterns } from "../../../src/backup/sources/glob.ts";

test.each([
  ["models/**", "models", true],
  ["models/**", "models/a/b.onnx", true],
  ["models/**", "models/.cache/.hidden", true],
  ["models/**", "modelsx/a", false],
  ["**/*.tmp", "a.tmp", true],
  ["**/*.tmp", "a/.b/c.tmp", true],
  ["**/*.tmp", "a.tmpx", false],
  [".env*", ".env.production", true],
  [".env*", "a/.env", false],
  ["*.{png,jpg}", "a.jpg", true],
  ["*.{png,jpg}", "a.gif", false],
  ["a?[0-9].txt", "ab7.txt", true],
  ["a?[!0-9].txt", "ab7.txt", false],
  ["./a/", "a", true],
  ["a+(b).txt", "a+(b).txt", true],
  ["a/**/z", "a/z", true],
  ["a/**/z", "a/b/c/z", true],
  ["é*", "été", true],
])("pattern %s and path %s: %s", (pattern, path, matches) => {
  expect(compilePatterns([pattern]).matches(path)).toBe(matches);
});

test("a folder is entered only where something below it could match", () => {
  const matcher = compilePatterns(["a/b/*.txt", "**/x"]);
  expect(compilePatterns(["a/b/*.txt"]).couldContain("a/b")).toBe(true);
  expect(compilePatterns(["a/b/*.txt"]).couldContain("a/c")).toBe(false);
  expect(compilePatterns(["a"]).couldContain("a")).toBe(false);
  expect(matcher.couldContain("anything/at/all")).toBe(true);
});

test.each(["../x", "/etc/passwd", "a/../../b", "", "a//b"])("%s is refused", (pattern) => {
  expect(() => compilePatterns([pattern])).toThrow("not a path below the project's folder");
});
