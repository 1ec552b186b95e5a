import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, rmSync, rmdirSync } from "node:fs";
import { systemCode } from "../../errors.ts";
import { escapePath, systemPath, unescapePath } from "../format/path-text.ts";
import { lookAt } from "./compare.ts";
import { move } from "./move-aside.ts";

const journalName = "restore.journal";

interface Change {
  /** Whether something was moved to the kept files, or nothing was there before. */
  action: "replace" | "create";
  path: string;
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

  constructor(target: string, keepReplacedIn: string) {
    this.#target = target;
    this.#keep = keepReplacedIn;
    mkdirSync(keepReplacedIn, { recursive: true, mode: 0o700 });
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
    appendFileSync(`${this.#keep}/${journalName}`, lines, { mode: 0o600 });
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
  let count = 0;
  for (const { action, path } of readJournal(options.keepReplacedIn).reverse()) {
    const current = `${options.target}/${path}`;
    if (action === "create") {
      count += removeCreated(current) ? 1 : 0;
      continue;
    }
    const kept = keptPath(options.keepReplacedIn, path);
    if (lookAt(kept) === null) continue;
    rmSync(systemPath(current), { recursive: true, force: true });
    await move(kept, current);
    count += 1;
  }
  return count;
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

function readJournal(keepReplacedIn: string): Change[] {
  const text = readIfThere(`${keepReplacedIn}/${journalName}`);
  // A last line without its end was cut by a crash, before the change it announces.
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.filter((line) => line !== "").map(parseChange);
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "";
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
