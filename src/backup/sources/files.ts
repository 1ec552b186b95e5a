import { realpathSync } from "node:fs";
import { createPace } from "../pace.ts";
import { compilePatterns } from "./glob.ts";
import type { Source, SourceContext } from "./source.ts";
import { TreeWalk } from "./tree-walk.ts";

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
  const include = compilePatterns(options.include);
  const exclude = compilePatterns(options.exclude);
  const withheld = compilePatterns(options.withheld?.patterns ?? []);
  const walkWith = (context: SourceContext): TreeWalk => {
    const root = options.directory;
    const realRoot = realPathOf(root);
    return new TreeWalk({ root, realRoot, include, exclude, withheld, context });
  };
  return {
    kind: "files",
    owns: [],
    async isEmpty() {
      for (const members of walkWith(silentContext()).run()) {
        if (members.some(({ type }) => type !== "directory")) return false;
      }
      return true;
    },
    async *members(context) {
      const pace = createPace(context.signal);
      const walk = walkWith(context);
      for (const members of walk.run()) {
        yield members;
        await pace();
      }
      const { withheldPaths: paths } = walk;
      if (paths.length > 0) context.note(options.withheld?.remark(paths) ?? "");
    },
  };
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
