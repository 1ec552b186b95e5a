import { createHash } from "node:crypto";
import type { Container } from "../containers.ts";
import { readProxyFile, writeProxyFile } from "./proxy-files.ts";

/** A line for each container: its id, since when it runs, and the hash of what it took over last. */
const noteFile = "loaded";

/** Whether a container took this configuration over since it was started. */
export function hasLoaded(folder: string, container: Container, configuration: string): boolean {
  return notedLines(folder).includes(lineOf(container, configuration));
}

/** Notes what it took over. */
export function noteLoaded(folder: string, container: Container, configuration: string): void {
  writeNote(folder, [...linesOfOthers(folder, container), lineOf(container, configuration)]);
}

/** Before it is told another: nobody knows what it has where studio is killed amid that. */
export function forgetLoaded(folder: string, container: Container): void {
  writeNote(folder, linesOfOthers(folder, container));
}

const lineOf = ({ id, startedAt }: Container, configuration: string): string =>
  `${id} ${startedAt} ${hashOf(configuration)}`;

const linesOfOthers = (folder: string, { id }: Container): string[] =>
  notedLines(folder).filter((line) => !line.startsWith(`${id} `));

function notedLines(folder: string): string[] {
  const text = readProxyFile(folder, noteFile) ?? "";
  return text.split("\n").filter((line) => line !== "");
}

function writeNote(folder: string, lines: readonly string[]): void {
  writeProxyFile(folder, noteFile, lines.map((line) => `${line}\n`).join(""));
}

/** Lists that come in another order each time, for Caddy keeps them in maps: of names all of them. */
const unordered = new Set(["hide", "sni", "skip_hosts"]);

const inOneOrder = (key: string, value: unknown): unknown =>
  unordered.has(key) && Array.isArray(value) ? (value as string[]).toSorted() : value;

function hashOf(configuration: string): string {
  return createHash("sha256").update(orderedText(configuration)).digest("hex");
}

/** What does not read as JSON is what it is: at worst it is loaded once more. */
function orderedText(configuration: string): string {
  try {
    return JSON.stringify(JSON.parse(configuration), inOneOrder);
  } catch {
    return configuration;
  }
}
