import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldersAbove, pathScope } from "../../../src/backup/contents/path-scope.ts";
import { escapePath, pathFromBytes } from "../../../src/backup/format/path-text.ts";

describe("a scope", () => {
  test("holds its root and what lies below, and no name that only starts the same", () => {
    const scope = pathScope("./a/b//");
    expect(["a/b", "a/b/c", "a", "a/bc", "b"].map((path) => scope.holds(path))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test.each(["", ".", "./", "/"])("of %j is everything", (asked) => {
    expect(pathScope(asked).holds("any/thing")).toBe(true);
  });

  test("that is written as a listing shows it means that very path, whatever its bytes", () => {
    const name = fc
      .uint8Array({ minLength: 1, maxLength: 12 })
      .map((bytes) => pathFromBytes(Buffer.from(bytes.map((byte) => (byte === 0x2f ? 1 : byte)))))
      .filter((path) => !path.startsWith("."));
    fc.assert(
      fc.property(name, (path) => {
        expect(pathScope(escapePath(path)).root).toBe(path);
      }),
    );
  });
});

test("the folders above a path are told from the nearest to the farthest", () => {
  expect([...foldersAbove("a/b/c/d")]).toEqual(["a/b/c", "a/b", "a"]);
  expect([...foldersAbove("a")]).toEqual([]);
});
