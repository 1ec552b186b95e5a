import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { loadFeeds, parseCsv, rowOf } from "../../../../src/bench/scenario/feed.ts";
import { parseScenario } from "../../../../src/bench/scenario/scenario.ts";

const folder = mkdtempSync(join(tmpdir(), "studio-feed-"));
afterAll(() => rmSync(folder, { recursive: true }));

function flowsWith(file: string, path = "/{{name}}") {
  const text = `name: fed
users: 1
duration: 1s
flows: [{ name: one, feed: { file: ${file} }, steps: [{ path: "${path}" }] }]`;
  return parseScenario(text, "fed.yaml").flows;
}

describe("a feed of comma-separated values", () => {
  test("is read with quotes, blanks and line breaks in its fields", () => {
    const text = '\ufeffname,note\r\nann,"says ""hi"", twice"\r\n"b\nb",\r\n';
    expect(parseCsv(text)).toEqual([
      { name: "ann", note: 'says "hi", twice' },
      { name: "b\nb", note: "" },
    ]);
  });

  test("gives back whatever was written into it", () => {
    const field = fc.string({ unit: "grapheme" });
    const row = fc.record({ one: field, two: field });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), (rows) => {
        const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
        const lines = rows.map(({ one, two }) => `${quote(one)},${quote(two)}`);
        expect(parseCsv(["one,two", ...lines].join("\n"))).toEqual(rows);
      }),
    );
  });
});

describe("the rows of a feed", () => {
  const rows = ["a", "b", "c"].map((name) => ({ name }));
  const names = (order: "sequential" | "random" | "unique", count = 7) =>
    Array.from({ length: count }, (_, turn) => rowOf({ order, rows }, turn)?.["name"] ?? null);

  test("come one after the other and again, or once each", () => {
    expect(names("sequential")).toEqual(["a", "b", "c", "a", "b", "c", "a"]);
    expect(names("unique")).toEqual(["a", "b", "c", null, null, null, null]);
  });

  test("come at random, each about as often, and the same when it is repeated", () => {
    const drawn = names("random", 3000);
    expect(drawn).toEqual(names("random", 3000));
    for (const name of ["a", "b", "c"]) {
      const share = drawn.filter((one) => one === name).length / 3000;
      expect(share).toBeCloseTo(1 / 3, 1);
    }
  });
});

describe("a feed that cannot be used", () => {
  test.each([
    ["absent.csv", null, /ENOENT|no such file/i],
    ["empty.csv", "name\n", /no row/],
    ["other.csv", "title\nx\n", /asks for \{\{name\}\}, and it has title/],
    ["broken.jsonl", '{"name":"a"}\n{"name":\n', /line 2 is not an object/],
  ])("%s is refused before anything is sent", async (file, text, says) => {
    if (text !== null) writeFileSync(join(folder, file), text);
    await expect(loadFeeds(flowsWith(file), folder)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(says),
    });
  });

  test("one of JSON lines is read with its numbers", async () => {
    writeFileSync(join(folder, "good.jsonl"), '{"name":"a"}\n\n{"name":7}\n');
    const [flow] = await loadFeeds(flowsWith("good.jsonl"), folder);
    expect(flow?.feed?.rows).toEqual([{ name: "a" }, { name: "7" }]);
  });
});
