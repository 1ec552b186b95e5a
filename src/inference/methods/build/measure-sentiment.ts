// Measures the sentiment task on labelled sentences and fails below what the card promises.
// Usage: node measure-sentiment.ts [FOLDER] [--write-card]
// The folder has amazon.json, imdb.json and yelp.json; default: test/fixtures/sentiment.
import { fileURLToPath } from "node:url";
import { ModelPool } from "../../model-pool.ts";
import { bundledModelsFolder, findModels } from "../../models.ts";
import { LanguageTask } from "../../tasks/language.ts";
import { SentimentTask } from "../../tasks/sentiment.ts";
import { loadLexicon } from "../../text/valence.ts";
import { table, writeFigures } from "./card.ts";
import { scoreSentiment } from "./score-sentiment.ts";

process.env["ORT_DISABLE_TELEMETRY"] = "1"; // read by the runtime as it loads

/** Right among the answers, over all files. */
const promised = 0.85;
const usual = fileURLToPath(new URL("../../../../test/fixtures/sentiment", import.meta.url));
const folder = process.argv.slice(2).find((word) => !word.startsWith("--")) ?? usual;

const pool = new ModelPool(await findModels([], bundledModelsFolder), {
  log: { info: () => undefined, error: () => undefined },
});
pool.start();
while (!pool.ready) await new Promise((resolve) => setTimeout(resolve, 20));
const task = new SentimentTask(new LanguageTask(pool));
const { header, rows, rightOfAnswered } = await scoreSentiment(folder, task, await loadLexicon());
await pool.close();
const figures = table(header, rows);
process.stdout.write(`${figures}\n`);
if (process.argv.includes("--write-card")) {
  writeFigures(new URL("../sentiment.md", import.meta.url), figures);
}
if (rightOfAnswered < promised) process.exitCode = 1;
