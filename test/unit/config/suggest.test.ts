import * as fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, suggest } from "../../../src/config/suggest.ts";

test("the nearest word is suggested, and none when all are far", () => {
  const words = ["deploy", "database", "backup", "rollback"];
  expect(suggest("depoly", words)).toBe("deploy");
  expect(suggest("Databse", words)).toBe("database");
  expect(suggest("rolback", words)).toBe("rollback");
  expect(suggest("kubernetes", words)).toBeUndefined();
  expect(suggest("x", [])).toBeUndefined();
});

test("a swap of two neighbours is one mistake", () => {
  expect(editDistance("serve", "sevre")).toBe(1);
  expect(editDistance("", "abc")).toBe(3);
});

test("the distance is zero for equal words only, symmetric, and at most the longer length", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (left, right) => {
      const distance = editDistance(left, right);
      expect(distance === 0).toBe(left === right);
      expect(editDistance(right, left)).toBe(distance);
      expect(distance).toBeLessThanOrEqual(Math.max(left.length, right.length));
    }),
  );
});
