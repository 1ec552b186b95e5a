import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { EmbeddingSettings } from "../../../src/inference/text/embedding-folder.ts";
import { TextTokenizer } from "../../../src/inference/text/text-tokenizer.ts";

interface Fixture {
  tokenizer: object;
  config: object;
  cases: { name: string; text: string; ids: number[] }[];
}

const folder = join(import.meta.dirname, "../../fixtures/tokenizers");

async function readFixture(name: string): Promise<Fixture> {
  return JSON.parse(await readFile(join(folder, `${name}.json`), "utf8")) as Fixture;
}

async function open(
  { tokenizer, config }: Fixture,
  changes: Partial<EmbeddingSettings> = {},
): Promise<TextTokenizer> {
  return await TextTokenizer.create({
    tokenizer,
    tokenizerConfig: config,
    maximumTokens: 512,
    truncate: false,
    lowerCase: false,
    pooling: ["mean"],
    normalize: true,
    dimensions: [],
    prompts: {},
    defaultPrompt: null,
    ...changes,
  });
}

/** Words of different lengths, some of them unknown, with numbers and punctuation. */
function longText(words: number): string {
  const known = ["How", "are", "you", "doing", "should've", "2016.", "Hello", "unaffable", "naïve"];
  return Array.from({ length: words }, (_, at) => known[(at * 7) % known.length]).join(" ");
}

/** The published cases of Unigram know no spaces; tokenizers of SentencePiece's kind mark them. */
function withSpaces(fixture: Fixture): Fixture {
  const { model, ...rest } = fixture.tokenizer as { model: { vocab: [string, number][] } };
  const vocab = [...model.vocab, ["▁", -1], ["▁a", -0.6], ["o", -2], ["e", -2]];
  const spaces = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true };
  return { ...fixture, tokenizer: { ...rest, pre_tokenizer: spaces, model: { ...model, vocab } } };
}

test("a vocabulary of 200,000 words is read like any other", async () => {
  const fixture = await readFixture("wordpiece");
  const { model } = fixture.tokenizer as { model: { vocab: Record<string, number> } };
  const most = 200_000;
  for (let id = Object.keys(model.vocab).length; id < most; id += 1) model.vocab[`word${id}`] = id;
  expect((await open(fixture)).vocabularySize).toBe(most);
});

describe.each([
  ["wordpiece", 30],
  ["byte-level-bpe", 26],
  ["unigram", 10],
])("the tokenizer of kind %s", (kind, count) => {
  test("gives the published ids of all texts", async () => {
    const fixture = await readFixture(kind);
    const tokenizer = await open(fixture);
    expect(fixture.cases).toHaveLength(count);
    for (const { text, ids } of fixture.cases) {
      expect([text, await idsOf(tokenizer, text)]).toEqual([text, ids]);
    }
  });

  test("gives a long text read in pieces the ids of the text read as a whole", async () => {
    const fixture =
      kind === "unigram" ? withSpaces(await readFixture(kind)) : await readFixture(kind);
    const tokenizer = await open(fixture, { maximumTokens: 100_000 });
    const text = longText(6000);
    const { Tokenizer } = await import("@huggingface/tokenizers");
    const whole: number[] = new Tokenizer(fixture.tokenizer, fixture.config).encode(text).ids;
    expect(text.length).toBeGreaterThan(18_000);
    expect(await tokenizer.encode(text)).toEqual({ ids: whole, truncated: false });
  });

  test("cuts a text to the most tokens that the model takes, special ones included", async () => {
    const fixture = await readFixture(kind);
    const whole = await idsOf(await open(fixture, { maximumTokens: 100_000 }), longText(2000));
    const { ids: cut, truncated } = await (await open(fixture, { maximumTokens: 20 })).encode(
      longText(2000),
    );
    expect(truncated).toBe(true);
    expect(cut).toHaveLength(20);
    const special = kind === "wordpiece" ? 1 : 0;
    expect(cut.slice(0, 20 - special)).toEqual(whole.slice(0, 20 - special));
    expect(cut.at(-1)).toBe(special === 1 ? whole.at(-1) : whole[19]);
  });
});

const idsOf = async (tokenizer: TextTokenizer, text: string): Promise<number[]> =>
  (await tokenizer.encode(text)).ids;

describe("a tokenizer", () => {
  test("lets others have their turn while it reads a long text", async () => {
    const tokenizer = await open(await readFixture("wordpiece"), { maximumTokens: 100_000 });
    let turns = 0;
    const ticking = setInterval(() => turns++, 0);
    await tokenizer.encode(longText(20_000));
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(5);
  });

  test("reads no more of a text than the model takes", async () => {
    const tokenizer = await open(await readFixture("wordpiece"), { maximumTokens: 16 });
    const text = "How are you doing ".repeat(500_000);
    const start = performance.now();
    await tokenizer.encode(text);
    // The whole text would take seconds.
    expect(performance.now() - start).toBeLessThan(500);
  });

  test("stops in the middle of a long text when its caller goes away", async () => {
    const tokenizer = await open(await readFixture("wordpiece"), { maximumTokens: 1_000_000 });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 1);
    await expect(tokenizer.encode(longText(100_000), controller.signal)).rejects.toMatchObject({
      code: "inference.cancelled",
    });
  });

  test("reads a word without an end, and cuts no character in two", async () => {
    const tokenizer = await open(await readFixture("byte-level-bpe"), { maximumTokens: 200_000 });
    const face = "😂".repeat(20_000);
    const ids = await idsOf(tokenizer, face);
    const [one] = [await idsOf(tokenizer, "😂")];
    expect(ids.length % one.length).toBe(0);
    expect(ids.length / one.length).toBe(20_000);
  });

  test("refuses a length that leaves no room for words", async () => {
    const fixture = await readFixture("wordpiece");
    await expect(open(fixture, { maximumTokens: 2 })).rejects.toThrow("no room");
  });
});
