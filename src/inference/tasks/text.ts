import type { JobOptions } from "../batch-queue.ts";
import type { ModelPool } from "../model-pool.ts";
import { Patience } from "../patience.ts";
import { type EmbeddingLimits, EmbeddingTask } from "./embeddings.ts";
import { KeywordsTask, keywordsLanguages, keywordsMethod } from "./keywords.ts";
import { LanguageTask } from "./language.ts";
import { SentimentTask, sentimentLanguages, sentimentMethod } from "./sentiment.ts";
import { countText, statisticsMethod } from "./statistics.ts";
import { readTextOptions, type TextOptions, type TextTaskName } from "./text-options.ts";

export interface TextRequest {
  task: TextTaskName;
  texts: readonly string[];
  options?: object | undefined;
}

export interface TextAnswer {
  task: TextTaskName;
  /** The formula or lexicon that answered, where no model did. */
  method?: { name: string; version: string };
  model?: { name: string; version: string };
  /** ISO 639-1 codes of the languages that are known; absent where any is. */
  languages?: readonly string[];
  /** One for each text, in order. */
  results: object[];
  /** Tokens that a model read. */
  usage?: { tokens: number };
}

/** All that can be done with texts. */
export class TextTasks {
  readonly language: LanguageTask;
  readonly embeddings: EmbeddingTask;
  private readonly sentiment: SentimentTask;
  private readonly keywords: KeywordsTask;

  /** @throws StudioError `model.config` when the language model does not fit its task */
  constructor(pool: ModelPool, limits?: EmbeddingLimits) {
    this.language = new LanguageTask(pool);
    this.embeddings = new EmbeddingTask(pool, limits);
    this.sentiment = new SentimentTask(this.language);
    this.keywords = new KeywordsTask(this.language);
  }

  /**
   * Does one task on texts.
   * @throws InferenceError `inference.input` for options that do not fit, `model.missing`,
   * `inference.cancelled`, and what `LoadedModel.infer` throws
   */
  async process({ task, texts, options = {} }: TextRequest, job: JobOptions): Promise<TextAnswer> {
    const said = readTextOptions(task, options);
    if (task === "statistics") return await this.count(texts, said, job);
    if (task === "language") {
      const results = await this.language.identify(texts, job);
      const { name, version, labels } = this.language.model;
      return { task, model: { name, version }, languages: labels.map(({ code }) => code), results };
    }
    if (task === "embeddings") return await this.embed(texts, said, job);
    if (task === "sentiment") {
      const results = await this.sentiment.judge(texts, said, job);
      return { task, method: sentimentMethod, languages: sentimentLanguages, results };
    }
    const results = await this.keywords.extract(texts, said, job);
    return { task, method: keywordsMethod, languages: keywordsLanguages, results };
  }

  private async count(
    texts: readonly string[],
    said: TextOptions,
    job: JobOptions,
  ): Promise<TextAnswer> {
    const results: object[] = [];
    const patience = new Patience(job);
    for (const [index, text] of texts.entries()) {
      if (index > 0) await patience.nextTurn();
      const { language, words_per_minute: wordsPerMinute } = said;
      results.push(await countText(text, { language, wordsPerMinute, patience }));
    }
    return { task: "statistics", method: statisticsMethod, results };
  }

  private async embed(
    texts: readonly string[],
    said: TextOptions,
    job: JobOptions,
  ): Promise<TextAnswer> {
    const asked = { ...said, inputs: texts };
    const { model, vectors, truncated, tokens } = await this.embeddings.embed(asked, job);
    const { name, version } = model;
    const results = vectors.map((vector, index) => {
      const isCut = truncated[index] === true;
      return { embedding: Array.from(vector), ...(isCut ? { truncated: true } : {}) };
    });
    return { task: "embeddings", model: { name, version }, results, usage: { tokens } };
  }
}
