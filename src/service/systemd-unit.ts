import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../package-root.ts";
import { type Service, type Start, studioWords, theRelease } from "./service.ts";

export const unitName = (service: Pick<Service, "project" | "environment">): string =>
  `studio-${service.project}-${service.environment}.service`;

/** The text of the user unit; quoting by systemd.syntax(7) and systemd.service(5). */
export function unitText(service: Service, start: Start = theRelease): string {
  const values: Record<string, string> = {
    NAME: service.project,
    ENVIRONMENT: service.environment,
    DIRECTORY: service.directory.replaceAll("%", "%%"),
    COMMAND: unitWords(service, start).map(quoteUnitWord).join(" "),
    // The daemon is given what it may take to end, and what its process needs besides.
    STOP_SECONDS: String(start.kind === "daemon" ? Math.ceil(start.shutdown / 1000) + 15 : 0),
  };
  const template = readFileSync(
    join(packageRoot, "templates", "systemd", `${start.kind}.service`),
    "utf8",
  );
  return template.replaceAll(/@([A-Z_]+)@/g, (whole, name: string) => values[name] ?? whole);
}

/** A release goes on without the command that starts it; the daemon is the command. */
const unitWords = (service: Service, { kind }: Start): string[] =>
  studioWords(service, [kind === "daemon" ? "serve" : "up"]);

/** One word of ExecStart: `%` begins a specifier there, `$` a variable. */
export function quoteUnitWord(word: string): string {
  const escaped = word
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("%", "%%")
    .replaceAll("$", "$$$$");
  return `"${escaped}"`;
}
