import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync } from "node:fs";
import { lstat, readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { isRecord } from "./json-record.ts";
import { move } from "./move-aside.ts";

const journalName = "restore.jsonl";

interface Change {
  /** Whether something was moved to the kept files, or nothing was there before. */
  action: "replace" | "create";
  path: string;
}

/** Where the replaced file of a path is kept. */
function keptPath(keepReplacedIn: string, path: string): string {
  return join(keepReplacedIn, "files", path);
}

/** Writes down each change of a restore before it is made, and keeps what is replaced. */
export class RestoreJournal {
  readonly #target: string;
  readonly #keep: string;

  constructor(target: string, keepReplacedIn: string) {
    this.#target = target;
    this.#keep = keepReplacedIn;
    mkdirSync(keepReplacedIn, { recursive: true, mode: 0o700 });
  }

  /** Announces a path that did not exist. */
  create(path: string): void {
    this.#append({ action: "create", path });
  }

  /**
   * Moves what is at the path to the kept files. What an earlier run kept is the original, so what
   * came after it goes to a folder of its own.
   */
  async replace(path: string): Promise<string> {
    const original = keptPath(this.#keep, path);
    const later = join(this.#keep, "later", randomBytes(4).toString("hex"), path);
    const kept = (await exists(original)) ? later : original;
    this.#append({ action: "replace", path });
    await move(join(this.#target, path), kept);
    return kept;
  }

  #append(change: Change): void {
    appendFileSync(join(this.#keep, journalName), `${JSON.stringify(change)}\n`, { mode: 0o600 });
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
  const changes = await readJournal(options.keepReplacedIn);
  let count = 0;
  for (const { action, path } of changes.reverse()) {
    const current = join(options.target, path);
    if (action === "create") {
      count += (await removeCreated(current)) ? 1 : 0;
      continue;
    }
    const kept = keptPath(options.keepReplacedIn, path);
    if (!(await exists(kept))) continue;
    await rm(current, { recursive: true, force: true });
    await move(kept, current);
    count += 1;
  }
  return count;
}

/** A folder that holds something by now is left: the restore did not put it there. */
async function removeCreated(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return false;
  if (!found.isDirectory()) {
    await rm(path);
    return true;
  }
  return rmdir(path).then(
    () => true,
    () => false,
  );
}

async function readJournal(keepReplacedIn: string): Promise<Change[]> {
  const text = await readFile(join(keepReplacedIn, journalName), "utf8").catch(() => "");
  // A last line without its end was cut by a crash, before the change it announces.
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.filter((line) => line !== "").map(parseChange);
}

function parseChange(line: string): Change {
  const value: unknown = JSON.parse(line);
  if (!isRecord(value) || typeof value["path"] !== "string") {
    throw new TypeError(`Not a line of a restore's journal: ${line}`);
  }
  return { action: value["action"] === "replace" ? "replace" : "create", path: value["path"] };
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
