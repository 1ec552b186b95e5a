import { array, assert, constantFrom, oneof, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { CharacterNgrams, normalizeText } from "../../../src/inference/text/character-ngrams.ts";

const parameters = { dimensions: 1024, shortest: 1, longest: 4, maximumLength: 500 };
const ngrams = new CharacterNgrams(parameters);
const anyText = string({ unit: "binary", maxLength: 300 });
/** Real letters of many scripts, composed and not: the forms that normalisation must join. */
const letters = array(
  constantFrom(...Array.from("aÄéñøßçİıŞґйёאבעربहिंदी日本語한국어ộ \u0301\u0308'-.7")),
  {
    maxLength: 120,
  },
).map((units) => units.join(""));

function normOf(row: Float32Array): number {
  return Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
}

describe("normalizeText", () => {
  it("parts lower-case words by single spaces", () => {
    expect(normalizeText("Hello,  WORLD! 42 times", 500)).toBe(" hello world times ");
  });

  it("drops web and mail addresses, vowel points and symbols", () => {
    expect(normalizeText("see https://example.org/a?b or me@example.org 🙂", 500)).toBe(" see or ");
    expect(normalizeText("שָׁלוֹם", 500)).toBe(normalizeText("שלום", 500));
  });

  it("gives the empty string for a text without letters", () => {
    expect(normalizeText("12 + 30 = 42 !", 500)).toBe("");
  });

  it("reads no more than the given length", () => {
    expect(normalizeText("a".repeat(1000), 10)).toBe(` ${"a".repeat(10)} `);
  });
});

describe("CharacterNgrams", () => {
  it("gives rows that are finite, not negative, and of norm 1 or 0", () => {
    assert(
      property(oneof(anyText, letters), (text) => {
        const row = ngrams.dense([text]);
        expect(row).toHaveLength(parameters.dimensions);
        expect(row.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
        const expected = normalizeText(text, parameters.maximumLength) === "" ? 0 : 1;
        expect(normOf(row)).toBeCloseTo(expected, 4);
      }),
    );
  });

  it("gives the same row whatever was read before, alone or in a batch", () => {
    assert(
      property(array(oneof(anyText, letters), { minLength: 1, maxLength: 5 }), (texts) => {
        const together = ngrams.dense(texts);
        const apart = texts.map((text) => new CharacterNgrams(parameters).dense([text]));
        for (const [row, alone] of apart.entries()) {
          const start = row * parameters.dimensions;
          expect(together.slice(start, start + parameters.dimensions)).toEqual(alone);
        }
      }),
    );
  });

  it("does not tell composed from decomposed forms", () => {
    assert(
      property(letters, (text) => {
        expect(ngrams.dense([text.normalize("NFD")])).toEqual(
          ngrams.dense([text.normalize("NFC")]),
        );
      }),
    );
  });

  it("gives the same features sparse and dense", () => {
    assert(
      property(letters, (text) => {
        const { indices, values } = ngrams.sparse(text);
        const row = new Float32Array(parameters.dimensions);
        for (const [position, index] of indices.entries()) row[index] = values[position] ?? 0;
        expect(row).toEqual(ngrams.dense([text]));
        expect(new Set(indices).size).toBe(indices.length);
      }),
    );
  });

  it("counts the n-grams of a word with its boundary marks", () => {
    // " a ": " a", " a ", "a", "a " - the mark alone is no gram.
    expect(ngrams.sparse("a").indices).toHaveLength(4);
    expect(ngrams.sparse("a b").indices.length).toBe(8);
  });

  it("puts a gram into the bucket of its FNV-1a hash", () => {
    const single = new CharacterNgrams({ ...parameters, longest: 1 });
    // FNV-1a, 32 bits, of the bytes 61 00, worked out by hand from the published constants.
    let hash = 0x811c9dc5n;
    for (const byte of [0x61n, 0x00n]) hash = ((hash ^ byte) * 0x01000193n) % 2n ** 32n;
    expect([...single.sparse("A").indices]).toEqual([Number((hash ^ (hash >> 16n)) & 1023n)]);
  });

  it("refuses parameters it cannot serve", () => {
    expect(() => new CharacterNgrams({ ...parameters, dimensions: 1000 })).toThrow(RangeError);
    expect(() => new CharacterNgrams({ ...parameters, shortest: 3, longest: 2 })).toThrow(
      RangeError,
    );
    expect(() => new CharacterNgrams({ ...parameters, maximumLength: 0 })).toThrow(RangeError);
  });
});
