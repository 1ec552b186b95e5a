import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../../errors.ts";
import { type Channel, failed } from "./channel.ts";

/** Bytes after which a new file is begun; the one before is kept. */
const longestFile = 10_000_000;

/** A line of JSON for each message, in a file (mode 0600). */
export function openLog(file: string): Channel {
  return {
    async send(message) {
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
        if (size > longestFile) renameSync(file, `${file}.1`);
        appendFileSync(file, `${JSON.stringify(message)}\n`, { mode: 0o600 });
        return { ok: true };
      } catch (error) {
        return failed(`its file cannot be written (${systemCode(error) ?? "unknown"})`);
      }
    },
  };
}
