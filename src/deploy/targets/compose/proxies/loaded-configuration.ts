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

/** Files that a file server hides are listed in another order each time, for Caddy keeps them in a map. */
const inOneOrder = (key: string, value: unknown): unknown =>
  key === "hide" && Array.isArray(value) ? (value as string[]).toSorted() : value;

function hashOf(configuration: string): string {
  const text = JSON.stringify(JSON.parse(configuration), inOneOrder);
  return createHash("sha256").update(text).digest("hex");
}
