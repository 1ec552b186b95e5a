import { describe, expect, it } from "vitest";
import { matches } from "../../../../src/inference/vectors/filter/matches.ts";
import { parseFilter } from "../../../../src/inference/vectors/filter/parse-filter.ts";

const metadata = {
  lang: "en",
  year: 1999,
  draft: false,
  editor: null,
  tags: ["a", "b", 3],
  author: { name: "Ada", born: "1815-12-10" },
  "dotted.key": 1,
};

const meets = (filter: unknown): boolean => matches(parseFilter(filter), metadata);

describe("a filter", () => {
  it.each([
    [{ field: "lang", equals: "en" }, true],
    [{ field: "lang", equals: "EN" }, false],
    [{ field: "year", equals: 1999.0 }, true],
    [{ field: "year", equals: "1999" }, false],
    [{ field: "draft", equals: false }, true],
    [{ field: "draft", equals: 0 }, false],
    [{ field: "editor", equals: null }, true],
    [{ field: "missing", equals: null }, false],
    [{ field: "tags", equals: "b" }, true],
    [{ field: "tags", equals: "3" }, false],
    [{ field: "tags", in: ["x", 3] }, true],
    [{ field: "lang", in: ["de", "fr"] }, false],
    [{ field: "author.name", equals: "Ada" }, true],
    [{ field: "dotted.key", equals: 1 }, false],
    [{ field: ["dotted.key"], equals: 1 }, true],
    [{ field: "year", range: { gte: 1999, lt: 2000 } }, true],
    [{ field: "year", range: { gt: 1999 } }, false],
    [{ field: "year", range: { lte: "2000" } }, false],
    [{ field: "author.born", range: { gte: "1815-01-01", lt: "1816" } }, true],
    [{ field: "tags", range: { gt: 2 } }, true],
    [{ field: "editor", range: { lt: 5 } }, false],
    [{ field: "editor", exists: true }, true],
    [{ field: "author.age", exists: false }, true],
    [{ field: "toString", exists: true }, false],
    [{ field: "__proto__", exists: true }, false],
    [{ field: "lang.length", exists: true }, false],
    [{ not: { field: "missing", equals: 1 } }, true],
    [
      {
        and: [
          { field: "lang", equals: "en" },
          { field: "year", range: { lt: 1990 } },
        ],
      },
      false,
    ],
    [
      {
        or: [
          { field: "lang", equals: "de" },
          { field: "year", exists: true },
        ],
      },
      true,
    ],
    [{ not: { or: [{ field: "lang", equals: "en" }] } }, false],
  ])("%j: %s", (filter, expected) => {
    expect(meets(filter)).toBe(expected);
  });

  it.each([
    [null, "filter is no object"],
    [[], "filter is no object"],
    [{}, "filter needs"],
    [{ lang: "en" }, "filter needs"],
    [{ field: "lang" }, "filter needs one operator"],
    [{ field: "lang", equals: 1, in: [1] }, "filter needs one operator"],
    [{ field: "lang", like: "e%" }, 'the operator "like"'],
    [{ field: "lang", equals: { a: 1 } }, "filter.equals is no text"],
    [{ field: "lang", equals: Number.NaN }, "filter.equals is no finite number"],
    [{ field: "lang", in: [] }, "filter.in is no list"],
    [{ field: "lang", in: "en" }, "filter.in is no list"],
    [{ field: "lang", in: [["en"]] }, "filter.in[0] is no text"],
    [{ field: "lang", exists: 1 }, "filter.exists is neither"],
    [{ field: "", equals: 1 }, "filter.field is no path"],
    [{ field: "a..b", equals: 1 }, "filter.field is no path"],
    [{ field: 3, equals: 1 }, "filter.field is no path"],
    [{ field: "year", range: {} }, "filter.range has neither"],
    [{ field: "year", range: 5 }, "filter.range is no object"],
    [{ field: "year", range: { gt: 1, gte: 2 } }, "both gt and gte"],
    [{ field: "year", range: { gt: 1, lt: "2" } }, "with a number and with a text"],
    [{ field: "year", range: { gt: true } }, "filter.range.gt is neither a number"],
    [{ field: "year", range: { above: 1 } }, 'the end "above"'],
    [{ and: [] }, "filter.and is no list"],
    [{ and: [{ field: "a", equals: 1 }], or: [] }, "filter needs"],
    [{ or: [{ field: "a", equals: 1 }, { not: 7 }] }, "filter.or[1].not is no object"],
    [{ field: "a", in: Array.from({ length: 1001 }, () => 1) }, "more than 1000 values"],
    [{ and: Array.from({ length: 101 }, () => ({ field: "a", equals: 1 })) }, "more than 100"],
    [Array.from({ length: 50 }).reduce((inner) => ({ not: inner }), {}), "levels deep"],
  ])("%j is refused: %s", (filter, message) => {
    expect(() => parseFilter(filter)).toThrow(
      expect.objectContaining({
        code: "vector.filter",
        message: expect.stringContaining(message) as string,
      }) as Error,
    );
  });
});
