import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatBytes,
  formatDuration,
  parseBytes,
  parseDuration,
  parsePixels,
  parseRate,
} from "../../../src/config/quantity.ts";

const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;

function attempt(read: () => number): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}

const wholeNumber = fc.oneof(
  fc.nat(),
  fc.maxSafeNat(),
  fc.nat(5000).map((count) => count * 3_600_000),
  fc.nat(5000).map((count) => count * 1024 ** 2),
);

test("every whole number of milliseconds survives being written and read", () => {
  fc.assert(
    fc.property(wholeNumber, (value) => {
      expect(parseDuration(formatDuration(value))).toBe(value);
    }),
  );
});

test("every whole number of bytes survives being written and read", () => {
  fc.assert(
    fc.property(wholeNumber, (value) => {
      expect(parseBytes(formatBytes(value))).toBe(value);
    }),
  );
});

test("a text is either refused or gives a whole number that is not negative", () => {
  const readers = [parseDuration, parseBytes, parsePixels];
  const almost = fc.stringMatching(/^[0-9.]{0,4}(ms|s|m|h|d|MB|KiB|MP|x)?$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), almost), fc.constantFrom(...readers), (text, read) => {
      const outcome = attempt(() => read(text));
      if (typeof outcome === "number") expect(outcome).toSatisfy(isCount);
      else expect(outcome).toMatchObject({ code: "usage", exitCode: 2 });
    }),
  );
});

test.each([
  ["500ms", 500],
  ["0s", 0],
  ["30s", 30_000],
  ["10m", 600_000],
  ["1.5h", 5_400_000],
  ["7d", 604_800_000],
  ["2w", 1_209_600_000],
])("the duration %s is %i ms", (text, expected) => expect(parseDuration(text)).toBe(expected));

test.each(["", "30", "-1s", "1 h 2 m", "1e3s", "s", "10 000s", "99999999999999999d"])(
  "%j is not a duration",
  (text) => expect(() => parseDuration(text)).toThrow(),
);

test("a duration is written in the largest unit that holds it exactly", () => {
  expect([0, 999, 90_000, 3_600_000, 86_400_000].map(formatDuration)).toEqual([
    "0s",
    "999ms",
    "90s",
    "1h",
    "1d",
  ]);
});

test.each([
  ["512B", 512],
  ["10MB", 10_000_000],
  ["10 mb", 10_000_000],
  ["4KiB", 4096],
  ["1.5GB", 1_500_000_000],
  ["2GiB", 2 * 1024 ** 3],
])("the size %s is %i bytes", (text, expected) => expect(parseBytes(text)).toBe(expected));

test.each(["10", "10M", "MB", "10iB", "-1MB"])("%j is not a size", (text) =>
  expect(() => parseBytes(text)).toThrow(),
);

test("a size is written exactly, as short as possible", () => {
  expect([0, 1000, 1024, 1500, 64_000_000].map(formatBytes)).toEqual([
    "0B",
    "1KB",
    "1KiB",
    "1500B",
    "64MB",
  ]);
});

test("pixels are given in megapixels", () => {
  expect(parsePixels("50MP")).toBe(50_000_000);
  expect(parsePixels("0.5MP")).toBe(500_000);
  expect(() => parsePixels("50MB")).toThrow("not a pixel count");
});

test.each([
  ["100/60s", 100, 60_000],
  ["10/min", 10, 60_000],
  ["10/m", 10, 60_000],
  ["1000/hour", 1000, 3_600_000],
  ["200/day", 200, 86_400_000],
  ["5/500ms", 5, 500],
])("the rate %s is %i requests in %i ms", (text, requests, window) =>
  expect(parseRate(text)).toEqual({ requests, window }),
);

test.each(["100", "0/min", "10/", "10/0s", "10/fortnight", "-1/s"])("%j is not a rate", (text) =>
  expect(() => parseRate(text)).toThrow("is not a rate"),
);
