import { lstatSync, readFileSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { basename } from "node:path";
import { reasonOf, systemCode } from "../../errors.ts";
import { pathFromBytes, systemPath } from "../format/path-text.ts";
import type { PathMatcher } from "./glob.ts";
import { type IgnoreRules, ignoreFileName, parseIgnoreFile } from "./ignore-file.ts";
import type { DirectoryMember, Member, SourceContext, SymlinkMember } from "./source.ts";
import { memberOf, specialKind } from "./stat-member.ts";

const batchLength = 512;

export interface WalkOptions {
  root: string;
  /** `root` without symbolic links, as the paths to avoid are. */
  realRoot: string;
  include: PathMatcher;
  exclude: PathMatcher;
  /** What is left out although it is included. */
  withheld: PathMatcher;
  context: SourceContext;
}

/**
 * Walks a tree in the order of names, with synchronous calls: they are several times faster than
 * promises on many small files.
 */
export class TreeWalk {
  readonly #options: WalkOptions;
  /** Last parts of the paths to avoid: most names can be passed without building their path. */
  readonly #avoidNames: Set<string>;
  /** What stands before a path in calls of the system. */
  readonly #before: string;
  #batch: Member[] = [];
  /** What was left out although it was included, in the order of the walk. */
  readonly withheldPaths: string[] = [];

  constructor(options: WalkOptions) {
    this.#options = options;
    // The system looks each folder of a path up again, which takes as long as the rest of the call.
    this.#before = isWorkingDirectory(options.root) ? "" : `${options.root}/`;
    this.#avoidNames = new Set([...options.context.avoid].map((path) => basename(path)));
  }

  *run(): Generator<Member[]> {
    yield* this.#walk("", false, [], []);
    if (this.#batch.length > 0) yield this.#batch;
  }

  /** @param pending folders above that nothing included was found in so far */
  *#walk(
    folder: string,
    inherited: boolean,
    pending: DirectoryMember[],
    outer: readonly IgnoreRules[],
  ): Generator<Member[]> {
    const { include, exclude, withheld, context } = this.#options;
    const names = this.#namesIn(folder);
    const rules = names.includes(ignoreFileName) ? this.#withRules(folder, outer) : outer;
    for (const name of names) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (exclude.matches(path) || this.#isAvoided(name, path)) continue;
      const included = inherited || include.matches(path);
      if (!included && !include.couldContain(path)) continue;
      const member = this.#look(path);
      if (member === null || isIgnored(rules, member)) continue;
      if (withheld.matches(path)) {
        if (included) this.withheldPaths.push(path);
        continue;
      }
      if (member.type === "symlink" && !inherited) this.#reportNamedLink(member);
      const leads = member.type === "symlink" && include.isNamed(path);
      if (!included && !leads && member.type !== "directory") continue;
      if (included || leads) {
        this.#batch.push(...pending.splice(0), member);
        if (this.#batch.length >= batchLength) yield this.#takeBatch();
      }
      if (member.type !== "directory") continue;
      if (included) {
        yield* this.#walk(path, true, pending, rules);
        continue;
      }
      member.parent = true;
      pending.push(member);
      yield* this.#walk(path, false, pending, rules);
      if (pending.at(-1) === member) pending.pop();
    }
    context.signal?.throwIfAborted();
  }

  #takeBatch(): Member[] {
    const batch = this.#batch;
    this.#batch = [];
    return batch;
  }

  #namesIn(folder: string): string[] {
    const { root, context } = this.#options;
    const place = systemPath(folder === "" ? root : `${this.#before}${folder}`);
    try {
      const names = readdirSync(place);
      if (names.some((name) => name.includes("\ufffd"))) {
        return readdirSync(place, { encoding: "buffer" }).map(pathFromBytes).sort();
      }
      return names.sort();
    } catch (error) {
      // Gone, or something else by now.
      if (systemCode(error) !== "ENOENT" && systemCode(error) !== "ENOTDIR") {
        context.skip(folder === "" ? "." : folder, reasonOf(error));
      } else if (folder !== "") {
        context.vanish(folder);
      }
      return [];
    }
  }

  #isAvoided(name: string, path: string): boolean {
    if (!this.#avoidNames.has(name)) return false;
    return this.#options.context.avoid.has(`${this.#options.realRoot}/${path}`);
  }

  #look(path: string): Member | null {
    const { root, context } = this.#options;
    try {
      const stats = lstatSync(systemPath(`${this.#before}${path}`), { throwIfNoEntry: false });
      if (stats === undefined) {
        context.vanish(path);
        return null;
      }
      const member = memberOf(path, `${root}/${path}`, stats);
      if (member === null) context.ignore(path, specialKind(stats));
      return member;
    } catch (error) {
      if (systemCode(error) === "ENOTDIR") context.vanish(path);
      else context.skip(path, reasonOf(error));
      return null;
    }
  }

  #withRules(folder: string, outer: readonly IgnoreRules[]): readonly IgnoreRules[] {
    const path = folder === "" ? ignoreFileName : `${folder}/${ignoreFileName}`;
    const file = systemPath(`${this.#before}${path}`);
    try {
      // A folder holds no rules, and a FIFO would be waited for.
      if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return outer;
      const text = readFileSync(file, "utf8");
      return [...outer, parseIgnoreFile(text, folder)];
    } catch (error) {
      this.#options.context.skip(path, reasonOf(error));
      return outer;
    }
  }

  /** A pattern that names a link may mean what is behind it, which is not stored: that must be said. */
  #reportNamedLink({ path, file }: SymlinkMember): void {
    const { include, context } = this.#options;
    if (!include.isNamed(path)) return;
    try {
      context.link(path, readlinkSync(systemPath(file)));
    } catch {
      // Gone by now, which is told when it is stored.
    }
  }
}

function isWorkingDirectory(root: string): boolean {
  try {
    const [one, other] = [statSync("."), statSync(root)];
    return one.ino === other.ino && one.dev === other.dev;
  } catch {
    return false;
  }
}

/** The innermost file that says something about a path decides, as with .gitignore. */
function isIgnored(rules: readonly IgnoreRules[], member: Member): boolean {
  for (let index = rules.length - 1; index >= 0; index -= 1) {
    const verdict = rules[index]?.verdict(member.path, member.type === "directory");
    if (verdict !== undefined) return verdict;
  }
  return false;
}
