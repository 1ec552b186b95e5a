import { lstatSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import type { Dirent, Stats } from "node:fs";
import { join } from "node:path";
import { reasonOf, systemCode } from "../errors.ts";
import { compilePatterns } from "./glob.ts";
import type { PathMatcher } from "./glob.ts";
import { createPace } from "./pace.ts";
import type { DirectoryMember, Member, Source, SourceContext } from "./source.ts";

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
  const scanWith = (context: SourceContext): AsyncGenerator<Member> => {
    const root = options.directory;
    return paced({ root, realRoot: realPathOf(root), include, exclude, context });
  };
  return {
    kind: "files",
    owns: [],
    async isEmpty() {
      for await (const member of scanWith(silentContext())) {
        if (member.type !== "directory") return false;
      }
      return true;
    },
    members: scanWith,
  };
}

function realPathOf(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory;
  }
}

interface Scan {
  root: string;
  /** `root` without symbolic links, as the paths to avoid are. */
  realRoot: string;
  include: PathMatcher;
  exclude: PathMatcher;
  context: SourceContext;
}

async function* paced(scan: Scan): AsyncGenerator<Member> {
  const pace = createPace(scan.context.signal);
  for (const member of walk(scan, "", false, [])) {
    yield member;
    await pace();
  }
}

/**
 * Walks in the order of names, with synchronous calls: they are several times faster than promises
 * on many small files.
 * @param pending folders above that nothing included was found in so far
 */
function* walk(
  scan: Scan,
  folder: string,
  inherited: boolean,
  pending: DirectoryMember[],
): Generator<Member> {
  for (const entry of readFolder(scan, folder)) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    const absolute = join(scan.root, path);
    if (scan.exclude.matches(path) || scan.context.avoid.has(join(scan.realRoot, path))) continue;
    const included = inherited || scan.include.matches(path);
    const leads =
      (entry.isDirectory() && scan.include.couldContain(path)) ||
      (entry.isSymbolicLink() && scan.include.isNamed(path));
    if (!included && !leads) continue;
    const member = describe(scan, path, absolute);
    if (member === null) continue;
    if (included || member.type === "symlink") {
      if (!inherited) reportNamedLink(scan, member);
      yield* pending.splice(0);
      yield member;
    }
    if (member.type !== "directory") continue;
    if (included) {
      yield* walk(scan, path, true, pending);
    } else {
      member.parent = true;
      pending.push(member);
      yield* walk(scan, path, false, pending);
      if (pending.at(-1) === member) pending.pop();
    }
  }
}

function readFolder(scan: Scan, folder: string): Dirent[] {
  const absolute = join(scan.root, folder);
  try {
    const entries = readdirSync(absolute, { withFileTypes: true });
    const readable = entries.some((entry) => entry.name.includes("\ufffd"))
      ? entries.filter((entry) => !reportForeignName(scan, folder, absolute, entry.name))
      : entries;
    return readable.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (systemCode(error) === "ENOENT") {
      if (folder !== "") scan.context.vanish(folder);
    } else {
      scan.context.skip(folder === "" ? "." : folder, reasonOf(error));
    }
    return [];
  }
}

/** A name that is not valid UTF-8 cannot be opened by its decoded form: it is reported instead. */
function reportForeignName(scan: Scan, folder: string, absolute: string, name: string): boolean {
  const names = readdirSync(absolute, { encoding: "buffer" });
  if (names.some((bytes) => bytes.equals(Buffer.from(name)))) return false;
  for (const bytes of names) {
    if (bytes.toString("utf8") !== name) continue;
    const shown = Array.from(bytes, (byte) =>
      byte < 0x20 || byte > 0x7e ? `\\x${byte.toString(16)}` : String.fromCharCode(byte),
    ).join("");
    scan.context.skip(join(folder, shown), "its name is not valid UTF-8");
  }
  return true;
}

function describe(scan: Scan, path: string, absolute: string): Member | null {
  let stats: Stats;
  try {
    stats = lstatSync(absolute);
    const { uid, gid, mtimeMs: mtime } = stats;
    const attributes = { path, mode: stats.mode & 0o7777, uid, gid, mtime };
    if (stats.isDirectory()) return { type: "directory", parent: false, ...attributes };
    if (stats.isFile()) return { type: "file", file: absolute, ...attributes };
    if (stats.isSymbolicLink()) {
      return { type: "symlink", target: readlinkSync(absolute), ...attributes };
    }
  } catch (error) {
    if (systemCode(error) === "ENOENT") scan.context.vanish(path);
    else scan.context.skip(path, reasonOf(error));
    return null;
  }
  scan.context.ignore(path, kindOf(stats));
  return null;
}

function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return "a FIFO";
  return stats.isSocket() ? "a socket" : "a device";
}

/** A pattern that names a link may mean what is behind it, which is not stored: that must be said. */
function reportNamedLink(scan: Scan, member: Member): void {
  if (member.type !== "symlink" || !scan.include.isNamed(member.path)) return;
  scan.context.link(member.path, member.target);
}

function silentContext(): SourceContext {
  const nothing = (): void => undefined;
  const signal = undefined;
  const reports = { skip: nothing, vanish: nothing, ignore: nothing, link: nothing };
  return { scratch: "", avoid: new Set(), signal, ...reports };
}
