import { statSync } from "node:fs";
import { followLog } from "./follow-log.ts";
import type { LogRequest } from "./target.ts";
import { readLastLines } from "./targets/local/last-lines.ts";

/** Writes the last lines of a log that is rotated, and with `follow` those to come. */
export async function showLogFile(
  locate: () => string,
  { lines, follow, signal, write }: Omit<LogRequest, "release" | "services">,
): Promise<void> {
  const file = locate();
  const position = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  for (const line of readLastLines(file, lines)) write(line);
  if (follow) await followLog({ locate, position, signal, write });
}
