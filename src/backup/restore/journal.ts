import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  rmdirSync,
  truncateSync,
} from "node:fs";
import { systemCode } from "../../errors.ts";
import { escapePath, systemPath, unescapePath } from "../format/path-text.ts";
import { lookAt } from "./compare.ts";
import { move } from "./move-aside.ts";
import { sweepTemporaries } from "./temporary.ts";

const journalName = "restore.journal";

interface Change {
  /** Whether something was moved to the kept files, or nothing was there before. */
  action: "replace" | "create";
  path: string;
}

function journalFile(keepReplacedIn: string): string {
  return `${keepReplacedIn}/${journalName}`;
}

/** Where the replaced file of a path is kept. */
function keptPath(keepReplacedIn: string, path: string): string {
  return `${keepReplacedIn}/files/${path}`;
}

/**
 * Writes down each change of a restore before it is made, a line for each: `create` or `replace`,
 * a tab, and the escaped path. Keeps what is replaced.
 */
export class RestoreJournal {
  readonly #target: string;
  readonly #keep: string;

  /** Paths that an earlier, interrupted run has made or replaced. */
  readonly earlier: ReadonlySet<string>;

  constructor(target: string, keepReplacedIn: string) {
    this.#target = target;
    this.#keep = keepReplacedIn;
    mkdirSync(keepReplacedIn, { recursive: true, mode: 0o700 });
    const { lines, end } = readJournal(keepReplacedIn);
    // What is written next must not become a part of a line that was cut.
    if (existsSync(journalFile(keepReplacedIn))) truncateSync(journalFile(keepReplacedIn), end);
    this.earlier = new Set(lines.map(({ path }) => path));
  }

  /** Announces paths that did not exist. */
  create(paths: readonly string[]): void {
    if (paths.length > 0) this.#append(paths.map((path) => ({ action: "create", path })));
  }

  /**
   * Moves what is at the path to the kept files. What an earlier run kept is the original, so what
   * came after it goes to a folder of its own.
   */
  async replace(path: string): Promise<string> {
    const original = keptPath(this.#keep, path);
    const later = `${this.#keep}/later/${randomBytes(4).toString("hex")}/${path}`;
    const kept = lookAt(original) === null ? original : later;
    this.#append([{ action: "replace", path }]);
    await move(`${this.#target}/${path}`, kept);
    return kept;
  }

  #append(changes: readonly Change[]): void {
    const lines = changes.map(({ action, path }) => `${action}\t${escapePath(path)}\n`).join("");
    appendFileSync(journalFile(this.#keep), lines, { mode: 0o600 });
  }
}

/**
 * Takes a restore back, from its last change to its first: removes what it created and puts back
 * what it replaced. Can be repeated. Returns how many paths were put back or removed.
 */
export async function undoRestore(options: {
  target: string;
  keepReplacedIn: string;
}): Promise<number> {
  const { keepReplacedIn } = options;
  const { lines } = readJournal(keepReplacedIn);
  sweepTemporaries(options.target, lines);
  let count = 0;
  for (const { start, ...change } of lines.reverse()) {
    count += (await takeBack(change, options)) ? 1 : 0;
    // What was put back is the operator's again: taken back once more, it would be lost.
    truncateSync(journalFile(keepReplacedIn), start);
  }
  return count;
}

async function takeBack(
  { action, path }: Change,
  { target, keepReplacedIn }: { target: string; keepReplacedIn: string },
): Promise<boolean> {
  const current = `${target}/${path}`;
  if (action === "create") return removeCreated(current);
  const kept = keptPath(keepReplacedIn, path);
  if (lookAt(kept) === null) return false;
  rmSync(systemPath(current), { recursive: true, force: true });
  await move(kept, current);
  return true;
}

/** A folder that holds something by now is left: the restore did not put it there. */
function removeCreated(path: string): boolean {
  const found = lookAt(path);
  if (found === null) return false;
  try {
    if (found.isDirectory()) rmdirSync(systemPath(path));
    else rmSync(systemPath(path));
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOTEMPTY" || systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

interface Line extends Change {
  /** Where the line starts, in bytes. */
  start: number;
}

/** The lines that are whole, and where they end. */
function readJournal(keepReplacedIn: string): { lines: Line[]; end: number } {
  const bytes = readIfThere(journalFile(keepReplacedIn));
  const lines: Line[] = [];
  let start = 0;
  // A last line without its end was cut by a crash, before the change it announces.
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push({ ...parseChange(bytes.toString("utf8", start, end)), start });
    start = end + 1;
  }
  return { lines, end: start };
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

function parseChange(line: string): Change {
  const [action, text = ""] = line.split("\t");
  const path = unescapePath(text);
  if ((action !== "replace" && action !== "create") || path === null) {
    throw new TypeError(`Not a line of a restore's journal: ${line}`);
  }
  return { action, path };
}
