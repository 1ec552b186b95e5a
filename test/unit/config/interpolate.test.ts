import * as fc from "fast-check";
import { expect, test } from "vitest";
import { interpolate } from "../../../src/config/interpolate.ts";

const variables: Record<string, string> = { HOST: "db", EMPTY: "", PASSWORD: "a/b@c:$1" };
const expand = (text: string) => interpolate(text, (name) => variables[name]);

test.each([
  ["plain $HOST $$ }", "plain $HOST $$ }"],
  ["${HOST}:5432", "db:5432"],
  ["${NONE:-local}:${NONE:-}", "local:"],
  ["${EMPTY:-default}", "default"],
  ["[${EMPTY}]", "[]"],
  ["$${HOST} is ${HOST}", "${HOST} is db"],
  ["x://u:${PASSWORD@url}@h", "x://u:a%2Fb%40c%3A%241@h"],
  ["${PASSWORD}", "a/b@c:$1"],
])("%s becomes %s", (text, expected) => {
  expect(expand(text)).toMatchObject({ text: expected, missing: [], malformed: false });
});

test("a variable that is not set is named, once for each place", () => {
  expect(expand("${A}-${HOST}-${B}")).toMatchObject({ missing: ["A", "B"], text: "${A}-db-${B}" });
});

test.each(["${", "${HOST", "${}", "${1A}", "${A-b}", "${A B}"])("%s is malformed", (text) => {
  expect(expand(text).malformed).toBe(true);
});

test("a text without ${ stays as it is", () => {
  const text = fc.string({ unit: "binary" }).filter((one) => !one.includes("${"));
  fc.assert(
    fc.property(text, (one) => {
      expect(expand(one).text).toBe(one);
    }),
  );
});

test("the value of a variable is never expanded again", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (value) => {
      const nested = `\${HOST}$${value}`;
      expect(interpolate("${X}", () => nested).text).toBe(nested);
    }),
  );
});
