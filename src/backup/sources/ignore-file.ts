import { globExpression } from "./glob.ts";

/** A file of this name in any folder of the project lists what backups leave out. */
export const ignoreFileName = ".studioignore";

export interface IgnoreRules {
  /** True: left out; false: kept, by a line that starts with `!`; undefined: no line speaks of it. */
  verdict(path: string, isDirectory: boolean): boolean | undefined;
}

interface Rule {
  expression: RegExp;
  keeps: boolean;
  directoriesOnly: boolean;
}

/**
 * Reads an ignore file in the syntax of .gitignore (https://git-scm.com/docs/gitignore#_pattern_format):
 * a pattern with a slash inside is relative to the file's folder, one without matches at any depth,
 * a slash at the end means folders alone, `!` brings back, `#` starts a comment, `\` escapes.
 * @param folder of the file, relative to the project; empty for the project's own
 */
export function parseIgnoreFile(text: string, folder: string): IgnoreRules {
  const rules = text.split(/\r?\n/).flatMap(parseLine);
  const start = folder === "" ? 0 : folder.length + 1;
  return {
    verdict(path, isDirectory) {
      const inside = path.slice(start);
      for (let index = rules.length - 1; index >= 0; index -= 1) {
        const rule = rules[index];
        if (rule === undefined || (rule.directoriesOnly && !isDirectory)) continue;
        if (rule.expression.test(inside)) return !rule.keeps;
      }
      return undefined;
    },
  };
}

function parseLine(line: string): Rule[] {
  // Blanks at the end do not count unless they are escaped.
  let pattern = line.replace(/(?<!\\)[ \t]+$/, "");
  if (pattern === "" || pattern.startsWith("#")) return [];
  const keeps = pattern.startsWith("!");
  if (keeps) pattern = pattern.slice(1);
  const directoriesOnly = pattern.endsWith("/");
  pattern = pattern.replace(/\/+$/, "");
  const anchored = pattern.includes("/");
  pattern = pattern.replace(/^\//, "");
  if (pattern === "") return [];
  const whole = anchored ? pattern : `**/${pattern}`;
  return [{ expression: globExpression(whole), keeps, directoriesOnly }];
}
