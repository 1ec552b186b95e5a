// Reads folders of unpacked packages and writes train.jsonl, validation.jsonl and held-out.jsonl.
// Usage: node collect-corpus.ts FOLDER_OF_PACKAGES OUTPUT_FOLDER
import { createHash } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { comparisonKey, proseSentences, readsAsEnglish } from "./clean-sentences.ts";
import type { CorpusLine, Role, Source } from "./corpus.ts";
import { readSources } from "./corpus.ts";
import { readMo, readPo } from "./extract-gettext.ts";
import type { CatalogueMessage } from "./extract-gettext.ts";
import { readFortunes, readManualPage, readMarkup } from "./extract-prose.ts";
import { languages, shareInScript } from "./languages.ts";
import { locateDocument } from "./locate-document.ts";
import type { DocumentLocation } from "./locate-document.ts";

/** At most this many sentences of one package and language: no source drowns the others. */
const limitPerPackage: Record<Role, number> = { train: 9000, validation: 400, "held-out": 250 };
/** Smallest share of a sentence's letters that must be of its language's script. */
const smallestScriptShare = 0.6;

type Collected = Map<string, CorpusLine>; // comparison key -> line, of one language and role

class Corpus {
  /** Which languages a sentence was seen in: one seen in two names neither. */
  readonly seenIn = new Map<string, string>();
  readonly lines = new Map<string, Collected>();

  add(text: string, language: string, source: Source, document: string): void {
    if (language !== "en" && readsAsEnglish(text)) return;
    if (shareInScript(text, language) < smallestScriptShare) return;
    const key = comparisonKey(text);
    const known = this.seenIn.get(key);
    if (known !== undefined && known !== language) this.seenIn.set(key, "several");
    else this.seenIn.set(key, language);
    const role = source.role === "train" && isValidation(document) ? "validation" : source.role;
    const group = `${role}\t${language}`;
    const collected = this.lines.get(group) ?? new Map<string, CorpusLine>();
    this.lines.set(group, collected);
    if (collected.has(key)) return;
    collected.set(key, { text, language, package: source.package, kind: source.kind, document });
  }
}

/** One document in twelve of the training packages is kept for choosing and calibrating. */
function isValidation(document: string): boolean {
  return (createHash("sha256").update(document).digest()[0] ?? 0) % 12 === 0;
}

function* filesBelow(folder: string, prefix = ""): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${prefix}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(join(folder, entry.name), path);
    else if (entry.isFile()) yield path;
  }
}

function readBytes(path: string): Buffer {
  const bytes = readFileSync(path);
  return path.endsWith(".gz") ? gunzipSync(bytes) : bytes;
}

function addCatalogue(
  corpus: Corpus,
  messages: CatalogueMessage[],
  source: Source,
  place: DocumentLocation,
): void {
  for (const { original, translations } of messages) {
    for (const sentence of proseSentences(original, "en")) {
      corpus.add(sentence, "en", source, place.document);
    }
    if (place.language === "en") continue;
    for (const translation of translations) {
      if (translation === original) continue;
      for (const sentence of proseSentences(translation, place.language)) {
        corpus.add(sentence, place.language, source, place.document);
      }
    }
  }
}

function messagesOfJson(bytes: Buffer): string[] {
  const parsed: Record<string, unknown> = JSON.parse(bytes.toString("utf8"));
  return Object.values(parsed).filter((value): value is string => typeof value === "string");
}

function addDocument(corpus: Corpus, source: Source, file: string, place: DocumentLocation): void {
  const bytes = readBytes(file);
  const text = (): string => bytes.toString("utf8");
  if (place.format === "mo") return addCatalogue(corpus, readMo(bytes), source, place);
  if (place.format === "po") return addCatalogue(corpus, readPo(text()), source, place);
  const readers = { man: readManualPage, markup: readMarkup, fortune: readFortunes };
  const paragraphs =
    place.format === "json" ? messagesOfJson(bytes) : readers[place.format](text());
  for (const paragraph of paragraphs) {
    for (const sentence of proseSentences(paragraph, place.language)) {
      corpus.add(sentence, place.language, source, place.document);
    }
  }
}

/** Orders lines by a hash of their text: a fixed shuffle, the same on every machine. */
function shuffled(lines: CorpusLine[]): CorpusLine[] {
  const keyed = lines.map((line) => ({
    line,
    key: createHash("sha256").update(line.text).digest("hex"),
  }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ line }) => line);
}

function chosenLines(corpus: Corpus, role: Role, language: string): CorpusLine[] {
  const perPackage = new Map<string, number>();
  const unambiguous = [...(corpus.lines.get(`${role}\t${language}`) ?? [])].filter(
    ([key]) => corpus.seenIn.get(key) === language && !seenInTraining(corpus, role, language, key),
  );
  return shuffled(unambiguous.map(([, line]) => line)).filter((line) => {
    const count = (perPackage.get(line.package) ?? 0) + 1;
    perPackage.set(line.package, count);
    return count <= limitPerPackage[role];
  });
}

function seenInTraining(corpus: Corpus, role: Role, language: string, key: string): boolean {
  const earlier: Role[] =
    role === "train" ? [] : role === "validation" ? ["train"] : ["train", "validation"];
  return earlier.some((other) => corpus.lines.get(`${other}\t${language}`)?.has(key) ?? false);
}

const [packages, output] = process.argv.slice(2);
if (packages === undefined || output === undefined) {
  throw new Error("usage: node collect-corpus.ts FOLDER_OF_PACKAGES OUTPUT_FOLDER");
}
const corpus = new Corpus();
for (const source of readSources()) {
  const folder = join(packages, source.package);
  if (!existsSync(folder)) {
    process.stderr.write(`not unpacked: ${source.package}\n`);
    continue;
  }
  for (const path of filesBelow(folder)) {
    const place = locateDocument(source.package, path);
    if (place !== undefined) addDocument(corpus, source, join(folder, path), place);
  }
}
mkdirSync(output, { recursive: true });
for (const role of ["train", "validation", "held-out"] as const) {
  const stream = createWriteStream(join(output, `${role}.jsonl`));
  const counts: string[] = [];
  for (const { code } of languages) {
    const lines = chosenLines(corpus, role, code);
    for (const line of lines) stream.write(`${JSON.stringify(line)}\n`);
    counts.push(`${code} ${lines.filter((line) => line.text.length >= 40).length}/${lines.length}`);
  }
  stream.end();
  process.stdout.write(`${role} (40 characters or more / all): ${counts.join(", ")}\n`);
}
