// Chooses the shipped sample from held-out.jsonl: ten sentences a language from documents and
// programs under free licences. Usage: node choose-sample.ts CORPUS_FOLDER
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readLines, readSources } from "./corpus.ts";
import type { CorpusLine } from "./corpus.ts";
import { languages } from "./languages.ts";

const sentencesPerLanguage = 10;
const shortestSample = 40;
const longestSample = 160;
/** Manuals first, then programs' messages: all of one clear licence. */
const preferred = [
  "debian-handbook",
  "mate-user-guide",
  "installation-guide-amd64",
  "widelands-data",
  "freeciv-data",
  "gnome-control-center-data",
  "evolution-common",
];

const corpus = process.argv[2];
if (corpus === undefined) throw new Error("usage: node choose-sample.ts CORPUS_FOLDER");
const licences = new Map(readSources().map((source) => [source.package, source.licence]));
const lines = readLines<CorpusLine>(join(corpus, "held-out.jsonl")).filter(
  ({ text }) => text.length >= shortestSample && text.length <= longestSample,
);

/** Takes sentences of the preferred packages in turn, so one language shows several of them. */
function sampleOf(code: string): CorpusLine[] {
  const queues = preferred.map((name) =>
    lines.filter((line) => line.language === code && line.package === name),
  );
  const chosen: CorpusLine[] = [];
  while (chosen.length < sentencesPerLanguage && queues.some((queue) => queue.length > 0)) {
    for (const queue of queues) {
      const line = queue.shift();
      if (line !== undefined && chosen.length < sentencesPerLanguage) chosen.push(line);
    }
  }
  return chosen;
}

const sample = languages.flatMap(({ code }) => sampleOf(code));
const rows = sample.map(({ text, language, package: name }) =>
  JSON.stringify({ text, language, source: `${name} (${licences.get(name) ?? "unknown"})` }),
);
writeFileSync(new URL("../sample.jsonl", import.meta.url), `${rows.join("\n")}\n`);
process.stdout.write(`${sample.length} sentences in ${languages.length} languages\n`);
