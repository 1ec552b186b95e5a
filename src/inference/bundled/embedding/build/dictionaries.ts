// Reads dictionaries in the format of dictd: entries one after another, each head at column 0.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

export interface Entry {
  word: string;
  /** Definitions, each with what follows it up to the next. */
  definitions: string[];
  /** Quotations and examples that stand with a definition. */
  quotations: string[];
}

function readBlocks(folder: string, name: string): { head: string; body: string }[] {
  const path = join(folder, `dict-${name}/usr/share/dictd/${name}.dict.dz`);
  const text = gunzipSync(readFileSync(path)).toString("utf8");
  const blocks = text.split(/\n(?=\S)/).map((block) => {
    const end = block.indexOf("\n");
    return { head: end < 0 ? block : block.slice(0, end), body: end < 0 ? "" : block.slice(end) };
  });
  return blocks.filter(({ head, body }) => body !== "" && !head.startsWith("00-database"));
}

/** Leaves out marks of origin, references and attributions, and joins lines. */
function clean(text: string): string {
  return text
    .replace(/\[[^\]]*\]/g, " ")
    .replace(/--[A-Z][\w.'& ]*\.?/g, " ")
    .replace(/\{([^}]*)\}/g, "$1")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/**
 * The GNU Collaborative International Dictionary of English; of its sources only Webster's of 1913:
 * what it took from WordNet would be in the corpus twice.
 */
export function readGcide(folder: string): Entry[] {
  const entries: Entry[] = [];
  for (const { head, body } of readBlocks(folder, "gcide")) {
    const word = /^([^\\]+?) \\/.exec(head)?.[1];
    if (word === undefined) continue;
    const entry: Entry = { word, definitions: [], quotations: [] };
    // What is left of the head, with the origin in brackets, ends where a line ends in one of these.
    const meaning = `${head}${body}`.replace(/^[^\\]*\\.*?\\,?[^[\n]*(\[[^\]]*\])?[^\n]*\n/s, "\n");
    for (const paragraph of meaning.split(/\n\s*\n/)) {
      if (!paragraph.includes("[1913 Webster]") || /^\s*(Syn|Note):/.test(paragraph)) continue;
      const [definition = "", quotation] = paragraph
        .replace(/^\s*(\d+\.|\([a-z]\))\s*(\([A-Z][^)]*\))?/, "")
        .split(/; as, |(?<=[.;])\s+"/);
      const text = clean(definition);
      if (text.length >= 15) entry.definitions.push(text);
      if (quotation !== undefined && quotation.length >= 20)
        entry.quotations.push(clean(quotation));
    }
    if (entry.definitions.length > 0) entries.push(entry);
  }
  return entries;
}

/** The Free On-line Dictionary of Computing, or the Jargon File: a head, then paragraphs. */
export function readGlossary(folder: string, name: "foldoc" | "jargon"): Entry[] {
  return readBlocks(folder, name).map(({ head, body }) => {
    const paragraphs = body.split(/\n\s*\n/).map(clean);
    const definitions = paragraphs
      .map((text) => text.replace(/^\d+\.\s*/, "").replace(/^(n|v|adj|interj)\.\s*/, ""))
      .filter((text) => text.length >= 30 && /[a-z]{3} [a-z]{2}/.test(text));
    return { word: head.trim(), definitions, quotations: [] };
  });
}
