import { readFileSync } from "node:fs";

/**
 * A template's text with `{{key}}` replaced for the keys that are given. Anything else in braces is
 * of the file's own language, such as the `{{ $labels.job }}` of an alert.
 */
export function fillTemplate(file: string, values: Readonly<Record<string, string>>): string {
  return readFileSync(file, "utf8").replaceAll(
    /\{\{([a-z:-]+)\}\}/g,
    (whole, key: string) => values[key] ?? whole,
  );
}
