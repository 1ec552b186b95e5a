import { damaged } from "../failures.ts";
import { isRecord } from "./record.ts";
import type { DatabaseFacts } from "./entry.ts";

/** What a page of a snapshot is called, and where it begins. */
export interface PageReference {
  /** The object: SHA-256 of its stored bytes, hexadecimal. */
  sha256: string;
  /** How many entries it has. */
  entries: number;
}

/** A page, and how many of its entries have another form in the amendments. */
export interface AmendedPage extends PageReference {
  amended: number;
}

/**
 * The root of a snapshot: its pages in the order of the entries, and its databases. Kept apart from
 * the COMMIT because it is encrypted where the repository is.
 */
export interface Manifest {
  pages: AmendedPage[];
  /** Pages of entries that take the place of those with the same path. */
  amendments: PageReference[];
  databases: DatabaseFacts[];
}

const heading = "studio-manifest\t1\n";

/**
 * As lines, fields separated by tabs: `page <sha256> <entries>`, with a third field for amended
 * entries where there are any, `amendment <sha256> <entries>` and `database <json>`.
 */
export function encodeManifest({ pages, amendments, databases }: Manifest): string {
  const lines = [
    ...pages.map(({ sha256, entries, amended }) => {
      return `page\t${sha256}\t${entries}${amended === 0 ? "" : `\t${amended}`}\n`;
    }),
    ...amendments.map(({ sha256, entries }) => `amendment\t${sha256}\t${entries}\n`),
    ...databases.map((facts) => `database\t${JSON.stringify(facts)}\n`),
  ];
  return heading + lines.join("");
}

export function decodeManifest(text: string): Manifest {
  if (!text.startsWith(heading) || !text.endsWith("\n")) throw misread(text);
  const manifest: Manifest = { pages: [], amendments: [], databases: [] };
  for (const line of text.slice(heading.length).split("\n").slice(0, -1)) {
    const [, kind, sha256 = "", entries, amended] = listLine.exec(line) ?? [];
    const reference = { sha256, entries: Number(entries) };
    if (kind === "page") manifest.pages.push({ ...reference, amended: Number(amended ?? 0) });
    else if (kind !== undefined && amended === undefined) manifest.amendments.push(reference);
    else manifest.databases.push(decodeDatabase(line));
  }
  return manifest;
}

const listLine = /^(page|amendment)\t([0-9a-f]{64})\t(\d{1,9})(?:\t([1-9]\d{0,8}))?$/;

function decodeDatabase(line: string): DatabaseFacts {
  if (!line.startsWith("database\t")) throw misread(line);
  let value: unknown;
  try {
    value = JSON.parse(line.slice("database\t".length));
  } catch {
    throw misread(line);
  }
  if (!isDatabaseFacts(value)) throw misread(line);
  return value;
}

function isDatabaseFacts(value: unknown): value is DatabaseFacts {
  if (!isRecord(value) || !isRecord(value["tables"])) return false;
  const dialects: unknown[] = ["sqlite", "postgres", "mysql"];
  return (
    typeof value["label"] === "string" &&
    typeof value["path"] === "string" &&
    dialects.includes(value["dialect"])
  );
}

function misread(text: string): Error {
  return damaged(`A manifest holds a line that is not understood: ${text.slice(0, 120)}`);
}
