import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseDotenv } from "../../../src/config/dotenv.ts";

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,10}$/);
const escaped = (text: string): string => text.replace(/[\\"]/g, "\\$&").replaceAll("\r", "\\r");

test("any value survives in double quotes, over lines too", () => {
  fc.assert(
    fc.property(fc.dictionary(name, fc.string({ unit: "binary" })), (values) => {
      const lines = Object.entries(values).map(([key, value]) => `${key}="${escaped(value)}"`);
      const read = parseDotenv(lines.join("\n"));
      expect(read.problems).toEqual([]);
      expect(Object.entries(read.values)).toEqual(Object.entries(values));
    }),
  );
});

test("any value without a single quote survives in single quotes, as it is", () => {
  const value = fc.string().map((text) => text.replace(/['\r]/g, ""));
  fc.assert(
    fc.property(name, value, (key, text) => {
      expect(parseDotenv(`export ${key}='${text}' # note`).values[key]).toBe(text);
    }),
  );
});

test("any text is read without an exception, and problems have lines of the text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("A", "=", '"', "'", " ", "#", "\\", "\n", "\r", "$") }),
      (text) => {
        const count = text.replace(/\r\n?/g, "\n").split("\n").length;
        for (const { line } of parseDotenv(text).problems) {
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(count);
        }
      },
    ),
  );
});

test("the usual forms are read, and nothing is expanded", () => {
  const text = [
    "\uFEFF# a comment",
    "PLAIN=one two  ",
    "  export EXPORTED = yes",
    "HASH=pass#word # the rest is a comment",
    "EMPTY=",
    "EMPTY_WITH_COMMENT= # nothing",
    `DOUBLE="a\\nb \\"c\\" \\\\d"`,
    "SINGLE='a\\n$HOME'",
    "REFERENCE=${HOME}/$USER",
    "EQUALS=a=b==",
    'KEY="-----BEGIN-----',
    'line two" # end',
    "PLAIN=last wins",
  ].join("\r\n");
  expect(parseDotenv(text)).toEqual({
    problems: [],
    values: {
      PLAIN: "last wins",
      EXPORTED: "yes",
      HASH: "pass#word",
      EMPTY: "",
      EMPTY_WITH_COMMENT: "",
      DOUBLE: 'a\nb "c" \\d',
      SINGLE: "a\\n$HOME",
      REFERENCE: "${HOME}/$USER",
      EQUALS: "a=b==",
      KEY: "-----BEGIN-----\nline two",
    },
  });
});

test("what is wrong is told by line, without the text of the line", () => {
  const read = parseDotenv('A=1\nhunter2\nB="x" hunter2\n\nC="l1\nl2"\nD=\'hunter2');
  expect(read.problems).toEqual([
    { line: 2, message: "is not KEY=value" },
    { line: 3, message: "has text after the closing quote" },
    { line: 7, message: "has a ' that is not closed" },
  ]);
  expect(read.values).toEqual({ A: "1", C: "l1\nl2" });
});
