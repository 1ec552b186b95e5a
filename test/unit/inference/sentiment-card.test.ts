import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { table } from "../../../src/inference/methods/build/card.ts";
import { scoreSentiment } from "../../../src/inference/methods/build/score-sentiment.ts";
import { ModelPool } from "../../../src/inference/model-pool.ts";
import { bundledModelsFolder, findModels } from "../../../src/inference/models.ts";
import { LanguageTask } from "../../../src/inference/tasks/language.ts";
import { SentimentTask } from "../../../src/inference/tasks/sentiment.ts";
import { loadLexicon } from "../../../src/inference/text/valence.ts";
import { until } from "./open-model.ts";

test("the sentiment task is right as often as its card says, on the sentences of the card", async () => {
  const log = { info: () => undefined, error: () => undefined };
  const pool = new ModelPool(await findModels([], bundledModelsFolder), { log });
  pool.start();
  await until(() => pool.ready);
  const folder = fileURLToPath(new URL("../../fixtures/sentiment", import.meta.url));
  const task = new SentimentTask(new LanguageTask(pool));
  const { header, rows, rightOfAnswered } = await scoreSentiment(folder, task, await loadLexicon());
  await pool.close();
  const card = new URL("../../../src/inference/methods/sentiment.md", import.meta.url);
  expect(readFileSync(card, "utf8")).toContain(table(header, rows));
  expect(rightOfAnswered).toBeGreaterThan(0.85);
});
