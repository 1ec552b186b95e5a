import { realpathSync } from "node:fs";
import { createPace } from "../pace.ts";
import { compilePatterns } from "./glob.ts";
import type { Member, Source, SourceContext } from "./source.ts";
import { TreeWalk } from "./tree-walk.ts";

export interface FilesSourceOptions {
  /** Absolute; members carry paths relative to it. */
  directory: string;
  /** Patterns; what is below a folder that matches is included. */
  include: readonly string[];
  exclude: readonly string[];
}

/** Files, folders and symbolic links below a folder; links are stored, never followed. */
export function filesSource(options: FilesSourceOptions): Source {
  const include = compilePatterns(options.include);
  const exclude = compilePatterns(options.exclude);
  const scan = (context: SourceContext): Generator<Member[]> => {
    const root = options.directory;
    return new TreeWalk({ root, realRoot: realPathOf(root), include, exclude, context }).run();
  };
  return {
    kind: "files",
    owns: [],
    async isEmpty() {
      for (const members of scan(silentContext())) {
        if (members.some(({ type }) => type !== "directory")) return false;
      }
      return true;
    },
    async *members(context) {
      const pace = createPace(context.signal);
      for (const members of scan(context)) {
        yield members;
        await pace();
      }
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
