import { languageOfTag } from "./languages.ts";

export type DocumentFormat = "mo" | "po" | "json" | "markup" | "man" | "fortune";

/** Where a file of an unpacked package stands: its language, its format, its document's name. */
export interface DocumentLocation {
  language: string;
  format: DocumentFormat;
  /** The path with the locale tag starred out: translations of one text share one name. */
  document: string;
}

/** Each rule captures the locale tag of a path; the first that matches decides. */
const rules: readonly [RegExp, DocumentFormat][] = [
  [/\/([\w@-]+)\/LC_MESSAGES\/[^/]+\.mo$/, "mo"],
  [/\/languages\/(?:[a-z]+-)*([a-z]{2}(?:_[A-Z]{2})?)\.mo$/, "mo"],
  [/\/([a-z]{2}(?:_[A-Z]{2})?)\.po$/, "po"],
  [/\/i18n\/(?:[\w-]+\/)*([a-z]{2}(?:-\w+)?)\.json$/, "json"],
  [/\/help\/([\w@-]+)\/.*\.(?:page|docbook|xml|html)(?:\.gz)?$/, "markup"],
  [/\/man\/([a-z]{2}(?:[_.@][\w.-]+)?)\/man\d\/[^/]+\.gz$/, "man"],
  [/\/man\/man\d()\/[^/]+\.gz$/, "man"],
  [/\/html\/([a-z]{2}(?:-[A-Z]{2})?)\/[^/]+\.html$/, "markup"],
  [/\/doc\/installation-guide-\w+\/([\w]+)\/[^/]+\.html$/, "markup"],
  [/\/description\.([\w]+)\.utf8$/, "markup"],
  [/\/HTML\/([\w@]+)\/.*\.docbook$/, "markup"],
  [/\.([a-z]{2}(?:-\w+)?)\.html(?:\.gz)?$/, "markup"],
  [/\/doc\/[\w-]+\/([a-z]{2}(?:_[A-Z]{2}|_[A-Z]{2}\.UTF-8)?)\/html\/[^/]+\.html$/, "markup"],
];

/** Packages of one language name it at their end: fortunes-de, debian-edu-doc-pt-br. */
const packageRules: readonly [RegExp, RegExp, DocumentFormat][] = [
  [/^fortunes-([a-z]{2})$/, /\/games\/fortunes(?:-\w+)?\/(?:\w+\/)?(?!off)[^./]+$/, "fortune"],
  [/^debian-edu-doc-(?:legacy-)?([a-z]{2}(?:-[a-z]{2})?)$/, /-manual\.html$/, "markup"],
];

/** Finds the location of a file from its package's name and its path inside the package. */
export function locateDocument(packageName: string, path: string): DocumentLocation | undefined {
  for (const [packagePattern, pathPattern, format] of packageRules) {
    const tag = packagePattern.exec(packageName)?.[1];
    if (tag === undefined || !pathPattern.test(path)) continue;
    // fortunes-br is Brazilian Portuguese; "br" as a language code would be Breton.
    const language = languageOfTag(tag === "br" ? "pt" : tag);
    if (language !== undefined) return { language, format, document: `${packageName}:${path}` };
  }
  for (const [pattern, format] of rules) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const tag = match[1] ?? "";
    const language = languageOfTag(tag === "" ? "C" : tag);
    if (language === undefined) return undefined;
    const stem = packageName.replace(/-(?:[a-z]{2}|[a-z]{2}-[a-z]{2})$/, "");
    return { language, format, document: `${stem}:${withoutTag(path, tag)}` };
  }
  return undefined;
}

function withoutTag(path: string, tag: string): string {
  if (tag === "") return path;
  const inFileName = new RegExp(`(^|[.-])${tag}(?=\\.)`);
  return path
    .split("/")
    .map((part) => (part === tag ? "*" : part.replace(inFileName, "$1*")))
    .join("/");
}
