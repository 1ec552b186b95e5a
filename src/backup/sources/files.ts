import { realpathSync } from "node:fs";
import { createPace } from "../pace.ts";
import { compilePatterns } from "./glob.ts";
import type { Member, Source, SourceContext } from "./source.ts";
import { TreeWalk } from "./tree-walk.ts";
import { WalkThread } from "./walk-thread.ts";

export interface FilesSourceOptions {
  /** Absolute; members carry paths relative to it. */
  directory: string;
  /** Patterns; what is below a folder that matches is included. */
  include: readonly string[];
  exclude: readonly string[];
  /** What is left out of what would be included, and told of once. */
  withheld?: Withheld | undefined;
}

export interface Withheld {
  /** Patterns. */
  patterns: readonly string[];
  /** What to tell of the paths that were left out for it. */
  remark(paths: readonly string[]): string;
}

/** Files, folders and symbolic links below a folder; links are stored, never followed. */
export function filesSource(options: FilesSourceOptions): Source {
  const { directory: root, include, exclude } = options;
  const withheld = options.withheld?.patterns ?? [];
  const matchers = {
    include: compilePatterns(include),
    exclude: compilePatterns(exclude),
    withheld: compilePatterns(withheld),
  };
  const walkWith = (context: SourceContext): TreeWalk =>
    new TreeWalk({ root, realRoot: realPathOf(root), ...matchers, context });
  let thread: WalkThread | null = null;
  return {
    kind: "files",
    owns: [],
    async isEmpty() {
      for (const members of walkWith(silentContext()).run()) {
        if (members.some(({ type }) => type !== "directory")) return false;
      }
      return true;
    },
    begin(avoid) {
      const realRoot = realPathOf(root);
      thread = new WalkThread({ root, realRoot, include, exclude, withheld, avoid });
    },
    async close() {
      await thread?.close();
      thread = null;
    },
    async *members(context) {
      const paths = yield* thread?.members(context) ?? membersHere(walkWith(context), context);
      if (paths.length > 0) context.note(options.withheld?.remark(paths) ?? "");
    },
  };
}

async function* membersHere(
  walk: TreeWalk,
  { signal }: SourceContext,
): AsyncGenerator<Member[], readonly string[]> {
  const pace = createPace(signal);
  for (const members of walk.run()) {
    yield members;
    await pace();
  }
  return walk.withheldPaths;
}

function realPathOf(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory;
  }
}

function silentContext(): SourceContext {
  const silent = (): void => undefined;
  const reports = {
    skip: silent,
    vanish: silent,
    ignore: silent,
    link: silent,
    note: silent,
    database: silent,
  };
  return { scratch: "", avoid: new Set(), signal: undefined, ...reports };
}
