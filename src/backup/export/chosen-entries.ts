import type { Entry, FileEntry } from "../format/entry.ts";
import { checkPaths } from "../restore/safe-path.ts";
import { type SelectionOptions, selectEntries } from "../restore/selection.ts";
import type { Snapshot } from "../snapshot/open-snapshot.ts";

/**
 * The entries of a snapshot that go into an archive, copies of databases among them. A hard link
 * whose other name is not chosen becomes a file of its own.
 */
export async function chosenEntries(
  snapshot: Snapshot,
  selection: SelectionOptions,
): Promise<Entry[]> {
  const all: Entry[] = [];
  for await (const page of snapshot.entries()) all.push(...page);
  checkPaths(all);
  const { databases } = await snapshot.manifest();
  const { entries } = selectEntries(all, databases, { ...selection, databases: true });
  const files = new Map(all.flatMap((one) => (one.type === "file" ? [[one.path, one]] : [])));
  const there = new Map<string, string>();
  return entries.map((entry) => {
    if (entry.type === "file") there.set(entry.path, entry.path);
    return entry.type === "link" ? linkOrFile(entry, files, there) : entry;
  });
}

/** @param there by the path of a file, the path it has in the archive */
function linkOrFile(
  entry: Entry & { type: "link" },
  files: ReadonlyMap<string, FileEntry>,
  there: Map<string, string>,
): Entry {
  const target = there.get(entry.target);
  if (target !== undefined) return { ...entry, target };
  const file = files.get(entry.target);
  if (file === undefined) return entry;
  there.set(entry.target, entry.path);
  return { ...file, path: entry.path };
}

/** Hard links as files of their own, for formats that have none. */
export function withoutLinks(entries: readonly Entry[]): Entry[] {
  const files = new Map(entries.flatMap((one) => (one.type === "file" ? [[one.path, one]] : [])));
  return entries.map((entry) => {
    const file = entry.type === "link" ? files.get(entry.target) : undefined;
    return file === undefined ? entry : { ...file, path: entry.path };
  });
}
