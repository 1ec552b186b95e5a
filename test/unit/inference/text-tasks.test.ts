import { describe, expect, test } from "vitest";
import { ModelPool } from "../../../src/inference/model-pool.ts";
import { KeywordCounter } from "../../../src/inference/text/keyword-candidates.ts";
import { loadStopWords, stopWordLanguages } from "../../../src/inference/text/stop-words.ts";
import { loadLexicon, measureValence } from "../../../src/inference/text/valence.ts";
import { Patience } from "../../../src/inference/patience.ts";
import { countText } from "../../../src/inference/tasks/statistics.ts";
import { TextTasks } from "../../../src/inference/tasks/text.ts";

const quiet = { info: () => undefined, error: () => undefined };
/** Without a single model: what needs none works all the same. */
const tasks = new TextTasks(new ModelPool([], { log: quiet }));
const job = { timeout: 5000 };

describe("statistics", () => {
  test("count characters as a reader sees them", async () => {
    const family = "👨‍👩‍👧‍👦";
    const text = `${family} e\u0301 🇩🇪\r\n`;
    expect(await countText(text)).toMatchObject({ characters: 6, characters_without_spaces: 3 });
  });

  test("find words and sentences in languages without spaces", async () => {
    expect(await countText("今天天气很好。我们去公园吧。")).toMatchObject({ sentences: 2 });
    const { words } = await countText("今天天气很好。", { language: "zh" });
    expect(words).toBeGreaterThan(2);
    expect(words).toBeLessThan(7);
  });

  test("of an empty or blank text are zero", async () => {
    expect(await countText(" \n ")).toEqual({
      characters: 3,
      characters_without_spaces: 0,
      words: 0,
      unique_words: 0,
      sentences: 0,
      paragraphs: 0,
      reading_seconds: 0,
    });
  });

  test("of a long text are those of its parts", async () => {
    const line = "The quick brown fox jumps over the lazy dog, twice. ";
    const { words, sentences, unique_words, characters } = await countText(line.repeat(1500));
    expect({ words, sentences, unique_words }).toEqual({
      words: 15_000,
      sentences: 1500,
      unique_words: 9,
    });
    expect(characters).toBe(line.length * 1500);
  });

  test("of a line without an end cut no character in two", async () => {
    const { characters } = await countText("👨‍👩‍👧‍👦".repeat(3000));
    expect(characters).toBe(3000);
  });

  test("leave others their turn, and end when the caller goes away", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 1);
    const text = "One more sentence of a text that has no end. ".repeat(40_000);
    await expect(
      countText(text, { patience: new Patience({ timeout: 60_000, signal: controller.signal }) }),
    ).rejects.toMatchObject({
      code: "inference.cancelled",
    });
  });

  test("take the reading speed that is asked for", async () => {
    const text = "word ".repeat(100);
    expect((await countText(text, { wordsPerMinute: 100 })).reading_seconds).toBe(60);
  });
});

describe("sentiment", () => {
  test("is turned round by a negation of the same clause, and made stronger by degree", async () => {
    const lexicon = await loadLexicon();
    const sum = (text: string): number => measureValence(text, lexicon).sum;
    expect(sum("good")).toBeGreaterThan(0);
    expect(sum("not good")).toBeLessThan(0);
    expect(sum("not good")).toBeGreaterThan(sum("bad"));
    expect(sum("isn’t good")).toBe(sum("isn't good"));
    expect(sum("isn't good")).toBeLessThan(0);
    expect(sum("why not? good")).toBe(sum("good"));
    expect(sum("very good")).toBeGreaterThan(sum("good"));
    expect(sum("slightly good")).toBeLessThan(sum("good"));
    expect(sum("constructor toString hasOwnProperty")).toBe(0);
  });

  test("does not need a model when only one language is known", async () => {
    const { results, method } = await tasks.process(
      { task: "sentiment", texts: ["I love it"] },
      job,
    );
    expect(method).toMatchObject({ name: "afinn-165-with-negation" });
    expect(results).toMatchObject([
      { label: "positive", language: "en", language_confidence: null },
    ]);
  });
});

describe("keywords", () => {
  test("are runs between stop words, as the text writes them first", async () => {
    const counter = new KeywordCounter("en", await loadStopWords("en"), 3);
    counter.add("Vector search finds near vectors. The index of a vector search is rebuilt.");
    const [best, ...others] = counter.best(10);
    expect(best).toMatchObject({ phrase: "Vector search", count: 2 });
    expect(others.map(({ phrase }) => phrase).toSorted()).toEqual(["rebuilt", "vectors"]);
  });

  test("have lists of stop words for all languages that they name", async () => {
    for (const language of stopWordLanguages) {
      expect([language, (await loadStopWords(language)).size]).toEqual([
        language,
        expect.toSatisfy((size: number) => size >= 30),
      ]);
    }
  });

  test("are not guessed at when the language cannot be told", async () => {
    const { results } = await tasks.process({ task: "keywords", texts: ["Some text"] }, job);
    expect(results).toMatchObject([
      {
        keywords: null,
        language: null,
        reason: expect.stringContaining("could not be told") as string,
      },
    ]);
    const said = { language: "pt-BR" };
    const told = await tasks.process(
      { task: "keywords", texts: ["A casa amarela da rua"], options: said },
      job,
    );
    expect(told.results).toMatchObject([
      { keywords: [{ phrase: "casa amarela" }, { phrase: "rua" }], language: "pt" },
    ]);
  });
});

describe.each([
  { task: "sentiment", options: { language: "en" } },
  { task: "keywords", options: { language: "en" } },
  { task: "statistics", options: {} },
] as const)("the task $task", (asked) => {
  const sentence = "One more sentence of a text that has no end. ";

  test.each([
    ["one long text", [sentence.repeat(40_000)]],
    ["many short ones", Array.from({ length: 5000 }, () => sentence)],
  ])("ends when its caller is gone, and at its deadline: %s", async (_, texts) => {
    const caller = new AbortController();
    const gone = tasks.process({ ...asked, texts }, { timeout: 60_000, signal: caller.signal });
    caller.abort();
    await expect(gone).rejects.toMatchObject({ code: "inference.cancelled" });
    await expect(tasks.process({ ...asked, texts }, { timeout: 1 })).rejects.toMatchObject({
      code: "inference.deadline",
    });
  });
});

describe("tasks whose model is missing", () => {
  test.each(["language", "embeddings"] as const)("say what to install: %s", async (task) => {
    await expect(tasks.process({ task, texts: ["a"] }, job)).rejects.toMatchObject({
      code: "model.missing",
      hint: expect.stringContaining("models/") as string,
    });
  });
});
