import { expect, test } from "vitest";
import { parseIgnoreFile } from "../../../src/backup/sources/ignore-file.ts";

const text = `
# a comment
*.log
!important.log
/build
cache/
docs/*.html
\\#literal
name with blanks\\ 
**/deep/*.x
`;

test.each([
  ["a.log", false, true],
  ["sub/a.log", false, true],
  ["important.log", false, false],
  ["sub/important.log", false, false],
  ["build", true, true],
  ["sub/build", true, undefined],
  ["cache", true, true],
  ["cache", false, undefined],
  ["sub/cache", true, true],
  ["docs/a.html", false, true],
  ["sub/docs/a.html", false, undefined],
  ["#literal", false, true],
  ["a/b/deep/c.x", false, true],
  ["other", false, undefined],
])("%s (folder: %s) is left out: %s", (path, isDirectory, verdict) => {
  expect(parseIgnoreFile(text, "").verdict(path, isDirectory)).toBe(verdict);
});

test("a file in a folder speaks of what is in that folder", () => {
  const rules = parseIgnoreFile("/x\n", "sub");
  expect(rules.verdict("sub/x", false)).toBe(true);
  expect(rules.verdict("sub/y/x", false)).toBeUndefined();
});
