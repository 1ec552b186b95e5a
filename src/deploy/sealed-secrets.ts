import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Settings } from "../config/schema.ts";

export interface Sealed {
  /** The settings with each secret written out in studio.yaml turned into a file reference. */
  settings: Settings;
  /** The texts by the name of their file. */
  texts: Record<string, string>;
}

/**
 * Takes secrets that stand in studio.yaml in plain text out of settings that are to be recorded.
 * References, and texts that name a variable, stay: they hold no secret.
 * @param folder the release's folder relative to the project
 */
export function sealSecrets(settings: Settings, folder: string): Sealed {
  const texts: Record<string, string> = {};
  const visit = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => visit(item, `${path}.${index}`));
    if (typeof value !== "object" || value === null) return value;
    if ("template" in value && typeof value.template === "string") {
      if (/(?<!\$)\$\{/.test(value.template)) return value;
      const name = path.slice(1);
      texts[name] = value.template.replaceAll("$${", "${");
      return { file: join(folder, "secrets", name) };
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, visit(inner, `${path}.${key}`)]),
    );
  };
  return { settings: visit(settings, "") as Settings, texts };
}

export function writeSealedSecrets(folder: string, texts: Record<string, string>): void {
  for (const [name, text] of Object.entries(texts)) {
    const file = join(folder, "secrets", name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode: 0o600 });
  }
}
