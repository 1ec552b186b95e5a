import { usageError } from "../../errors.ts";
import type { DatabaseFacts, Entry } from "../format/entry.ts";
import { createPace } from "../pace.ts";
import type { Snapshot } from "../snapshot/open-snapshot.ts";
import { type ListedEntry, listed } from "./listed-entry.ts";
import { type PathScope, foldersAbove, pathScope } from "./path-scope.ts";

export interface Contents {
  /** With the rows of each table. */
  databases: DatabaseFacts[];
  /** In the order of the snapshot: folders before what they hold. */
  entries: ListedEntry[];
}

export interface ListOptions {
  /** Only this path and what lies below it; empty for everything. */
  path: string;
  /** Every entry, and copies of databases too; else what lies directly in the folder. */
  all: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Lists what a snapshot holds. Copies of databases are files only where they are asked for.
 * @throws StudioError (usage) for a path that the snapshot does not have
 */
export async function listContents(
  snapshot: Snapshot,
  { path: asked, all, signal }: ListOptions,
): Promise<Contents> {
  const { databases } = await snapshot.manifest();
  const scope = pathScope(asked);
  const copies = databases.map(({ path }) => pathScope(path));
  const asksFor = (copy: PathScope): boolean =>
    all || (scope.root !== "" && (scope.holds(copy.root) || copy.holds(scope.root)));
  const hidden = copies.filter((copy) => !asksFor(copy));
  const rows = new Map<string, ListedEntry>();
  const pace = createPace(signal);
  let found = scope.root === "";
  for await (const page of snapshot.entries()) {
    for (const entry of page) {
      if (!scope.holds(entry.path)) continue;
      found = true;
      const isHidden = hidden.some((copy) => copy.holds(entry.path));
      if (!isHidden) addEntry(rows, entry, all ? null : scope.root);
    }
    await pace();
  }
  if (!found) {
    throw usageError(
      `Snapshot ${snapshot.commit.id} holds nothing at "${asked}".`,
      "Paths are relative to the project: `studio backup show ID --all` lists them.",
    );
  }
  return { databases, entries: [...rows.values()] };
}

/** @param folder lists what lies directly in it; null lists everything */
function addEntry(rows: Map<string, ListedEntry>, entry: Entry, folder: string | null): void {
  const row: ListedEntry = { ...listed(entry), files: entry.type === "directory" ? 0 : null };
  const above = [...foldersAbove(entry.path)];
  if (row.type === "file") {
    for (const name of above) {
      const parent = rows.get(name);
      if (parent === undefined || parent.files === null) continue;
      parent.files += 1;
      parent.bytes += row.bytes;
    }
  }
  // What lies deeper stands for itself only where no folder above it does.
  const stands = folder !== null && above.some((name) => name !== folder && rows.has(name));
  const isFolderItself = folder !== null && entry.path === folder && row.type === "directory";
  if (!stands && !isFolderItself) rows.set(entry.path, row);
}
