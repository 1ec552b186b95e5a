import { escapePath } from "../format/path-text.ts";
import { createPace } from "../pace.ts";
import type { Snapshot } from "../snapshot/open-snapshot.ts";
import { type Avoidance, pathsToAvoid } from "../sources/paths-to-avoid.ts";
import type { SkippedPath, SourceContext } from "../sources/source.ts";
import { ChangeCollector } from "./changes.ts";
import { type Difference, countChanges } from "./difference.ts";
import { LiveReader } from "./live-reader.ts";
import { pathScope } from "./path-scope.ts";

export interface CompareFolderOptions extends Avoidance {
  before: Snapshot;
  /** The folder that the paths of the snapshot are relative to; absolute. */
  directory: string;
  /** Only this path and what lies below it; empty for everything. */
  path: string;
  signal?: AbortSignal | undefined;
}

/**
 * Tells a snapshot from what its files are now. A file of the same size and time counts as the
 * same, and one of the same size alone is read. Databases are not compared.
 */
export async function compareWithFolder(options: CompareFolderOptions): Promise<Difference> {
  const { before, path: limit, signal } = options;
  const { databases } = await before.manifest();
  const collector = new ChangeCollector(limit, databases);
  const pace = createPace(signal);
  for await (const page of before.entries()) {
    for (const entry of page) collector.addBefore(entry);
    await pace();
  }
  const skipped: SkippedPath[] = [];
  const reader = new LiveReader({ directory: options.directory, skipped, pace });
  const context = await contextOf(options, skipped);
  for (const source of options.sources.filter(({ kind }) => kind === "files")) {
    for await (const members of source.members(context)) {
      for (const member of members) {
        const entry = await reader.entryOf(member, collector.before(member.path));
        if (entry !== null) collector.addAfter(entry);
      }
    }
  }
  for (const entry of collector.possiblyMoved()) await reader.learnContent(entry);
  const unread = skipped.map((one) => pathScope(one.path));
  const { changes: all } = collector.finish();
  const changes = all.filter(
    ({ change, before: was }) =>
      change !== "removed" || !unread.some((scope) => scope.holds(pathScope(was?.path ?? "").root)),
  );
  const told = skipped.map(({ path, reason }) => ({ path: escapePath(path), reason }));
  return { changes, counts: countChanges(changes), databases: null, skipped: told };
}

async function contextOf(
  options: CompareFolderOptions,
  skipped: SkippedPath[],
): Promise<SourceContext> {
  const silent = (): void => undefined;
  return {
    scratch: "",
    avoid: await pathsToAvoid(options),
    signal: options.signal,
    skip: (path, reason) => skipped.push({ path, reason }),
    vanish: silent,
    ignore: silent,
    link: silent,
    note: silent,
    database: silent,
  };
}
