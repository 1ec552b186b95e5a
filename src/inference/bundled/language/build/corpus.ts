import { readFileSync } from "node:fs";

/** What a sentence is used for: fitting weights, choosing and calibrating, or measuring. */
export type Role = "train" | "validation" | "held-out";

/** One Debian package of the corpus: a row of sources.tsv. */
export interface Source {
  role: Exclude<Role, "validation">;
  package: string;
  kind: string;
  licence: string;
}

/** One sentence of the corpus, as the JSONL files hold it. */
export interface CorpusLine {
  text: string;
  language: string;
  package: string;
  kind: string;
  document: string;
}

/** The packages named by sources.tsv; lines that start with a number sign are comments. */
export function readSources(): Source[] {
  const rows = readFileSync(new URL("sources.tsv", import.meta.url), "utf8").split("\n");
  return rows
    .filter((row) => row !== "" && !row.startsWith("#"))
    .map((row) => {
      const [role, packageName, kind, licence] = row.split("\t");
      if ((role !== "train" && role !== "held-out") || !packageName || !kind || !licence) {
        throw new Error(`sources.tsv: not a row of role, package, kind, licence: ${row}`);
      }
      return { role, package: packageName, kind, licence };
    });
}

/** Reads a JSONL file of objects. */
export function readLines<Line>(path: string): Line[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Line => JSON.parse(line));
}
