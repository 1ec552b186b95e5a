import type { DatabaseFacts, Entry, FileEntry } from "../format/entry.ts";
import { type ListedEntry, listed } from "./listed-entry.ts";
import { type PathScope, pathScope } from "./path-scope.ts";

/** In what a path differs. Of a folder the time does not count: it follows from what it holds. */
export type Aspect = "type" | "content" | "target" | "mode" | "owner" | "time" | "attributes";

export interface PathChange {
  change: "added" | "removed" | "changed" | "moved";
  /** Where it is now, or was. */
  path: string;
  /** Of what changed, or of what moved and changed; never the content of what moved. */
  aspects: Aspect[];
  before: ListedEntry | null;
  after: ListedEntry | null;
}

/** In what two entries of one path differ. */
function aspectsOf(before: Entry, after: Entry): Aspect[] {
  if (before.type !== after.type) return ["type"];
  const aspects: Aspect[] = [];
  if (contentOf(before) !== contentOf(after)) {
    aspects.push(before.type === "file" ? "content" : "target");
  }
  if (before.mode !== after.mode) aspects.push("mode");
  if (before.uid !== after.uid || before.gid !== after.gid) aspects.push("owner");
  if (before.type !== "directory" && !sameTime(before.mtime, after.mtime)) aspects.push("time");
  if (attributesOf(before) !== attributesOf(after)) aspects.push("attributes");
  return aspects;
}

/** Times in milliseconds that a snapshot holds as the same. */
export function sameTime(one: number, other: number): boolean {
  return Math.round(one * 1000) === Math.round(other * 1000);
}

function contentOf(entry: Entry): string {
  if (entry.type === "directory") return "";
  return entry.type === "file" ? `${entry.size} ${entry.sha256}` : entry.target;
}

function attributesOf({ xattrs = {} }: Entry): string {
  const names = Object.keys(xattrs).sort();
  return JSON.stringify(names.map((name) => [name, xattrs[name]]));
}

/** Gathers what differs, first from all entries of one side, then from those of the other. */
export class ChangeCollector {
  readonly #scope: PathScope;
  readonly #copies: PathScope[];
  readonly #before = new Map<string, Entry>();
  /** Paths that both sides have. */
  readonly #met = new Set<string>();
  readonly #added: Entry[] = [];
  readonly #changes: PathChange[] = [];
  /** Paths of the copies of databases that are not the same. */
  readonly #changedCopies = new Set<string>();

  /** @param databases copies of these are not told of as files */
  constructor(path: string, databases: readonly DatabaseFacts[]) {
    this.#scope = pathScope(path);
    this.#copies = [...new Set(databases.map((one) => one.path))].map(pathScope);
  }

  addBefore(entry: Entry): void {
    if (this.#isWanted(entry.path)) this.#before.set(entry.path, entry);
  }

  /** What `addBefore` was given at a path. */
  before(path: string): Entry | undefined {
    return this.#before.get(path);
  }

  addAfter(entry: Entry): void {
    if (!this.#isWanted(entry.path)) return;
    const before = this.#before.get(entry.path);
    if (before === undefined) {
      this.#added.push(entry);
      return;
    }
    this.#met.add(entry.path);
    const aspects = aspectsOf(before, entry);
    if (aspects.length > 0) this.#tell("changed", before, entry, aspects);
  }

  /** Files that are new, and could be one that is gone: of the same length. */
  possiblyMoved(): FileEntry[] {
    const sizes = new Set(this.#goneFiles().map(({ size }) => size));
    const files = this.#added.filter((entry) => entry.type === "file");
    return files.filter(({ size }) => size > 0 && sizes.has(size));
  }

  /** Ordered by path. */
  finish(): { changes: PathChange[]; changedCopies: ReadonlySet<string> } {
    const gone = Map.groupBy(this.#goneFiles(), contentOf);
    for (const entry of this.#added) {
      const isFile = entry.type === "file" && entry.size > 0;
      const from = isFile ? gone.get(contentOf(entry))?.shift() : undefined;
      if (from === undefined) this.#tell("added", null, entry, []);
      else {
        this.#met.add(from.path);
        this.#tell("moved", from, entry, aspectsOf(from, entry));
      }
    }
    for (const entry of this.#gone()) this.#tell("removed", entry, null, []);
    const changes = this.#changes.sort((a, b) => (a.path < b.path ? -1 : 1));
    return { changes, changedCopies: this.#changedCopies };
  }

  #gone(): Entry[] {
    return [...this.#before.values()].filter(({ path }) => !this.#met.has(path));
  }

  #goneFiles(): FileEntry[] {
    return this.#gone().filter((entry) => entry.type === "file");
  }

  #isWanted(path: string): boolean {
    return this.#scope.holds(path) || this.#copies.some((copy) => copy.holds(path));
  }

  #tell(
    change: PathChange["change"],
    before: Entry | null,
    after: Entry | null,
    aspects: Aspect[],
  ): void {
    const path = after?.path ?? before?.path ?? "";
    const copy = this.#copies.find((one) => one.holds(path));
    if (copy !== undefined) {
      if (change !== "changed" || aspects.includes("content")) this.#changedCopies.add(copy.root);
      return;
    }
    const [was, is] = [before, after].map((entry) => (entry === null ? null : listed(entry)));
    const shown = is?.path ?? was?.path ?? "";
    this.#changes.push({ change, path: shown, aspects, before: was ?? null, after: is ?? null });
  }
}
