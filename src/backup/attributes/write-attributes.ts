import { spawn } from "node:child_process";
import type { Entry } from "../format/entry.ts";
import { type ExtendedAttributes, writeDump } from "./dump.ts";

/** An entry, and where it was restored to: an absolute path. */
export interface RestoredEntry {
  entry: Entry;
  path: string;
}

/**
 * Sets the extended attributes of what was restored, with one run of setfattr.
 * @returns why some are not set, as a sentence; null when all are
 */
export async function writeAttributes(restored: readonly RestoredEntry[]): Promise<string | null> {
  const files = restored.flatMap(({ entry, path }) =>
    entry.xattrs === undefined ? [] : [{ path, attributes: entry.xattrs }],
  );
  if (files.length === 0) return null;
  const complaint = await runSetfattr(files);
  if (complaint === null) return null;
  return `Extended attributes of ${files.length} files and folders are not all set: ${complaint}.`;
}

function runSetfattr(
  files: readonly { path: string; attributes: ExtendedAttributes }[],
): Promise<string | null> {
  return new Promise((resolve) => {
    const argv = ["--no-dereference", "--restore=-"];
    const child = spawn("setfattr", argv, { stdio: ["pipe", "ignore", "pipe"] });
    let complaints = "";
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      complaints += piece;
    });
    child.once("error", () => resolve("install attr, which has setfattr"));
    child.once("close", (code) => {
      const [first = `setfattr ended with ${code}`] = complaints.split("\n").filter(Boolean);
      resolve(code === 0 ? null : first.replace(/^setfattr: /, ""));
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(writeDump(files));
  });
}
