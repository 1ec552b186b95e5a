import { spawn } from "node:child_process";
import { pathBytes } from "../format/path-text.ts";
import { type ExtendedAttributes, parseDump } from "./dump.ts";

/** xargs could not find the program, or not run it. */
const notRun = [126, 127];

/**
 * Reads the extended attributes of many files with getfattr, of the Debian package attr: Node has no
 * function for it. xargs starts one getfattr for some thousand paths, one after the other.
 * @param files absolute paths; see path-text.ts
 * @returns what those that have any have, or null where the program is not there
 */
export async function readAttributes(
  files: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, ExtendedAttributes> | null> {
  const dump = await runGetfattr(Buffer.concat(files.map(terminated)), signal);
  if (dump === null) return null;
  const found = parseDump(dump);
  if (found.size === 0) return found;
  const byPath = new Map<string, ExtendedAttributes>();
  for (const file of files) {
    const attributes = found.get(pathBytes(file).toString("latin1"));
    if (attributes !== undefined) byPath.set(file, attributes);
  }
  return byPath;
}

function terminated(file: string): Buffer {
  return Buffer.concat([pathBytes(file), Buffer.alloc(1)]);
}

function runGetfattr(input: Buffer, signal?: AbortSignal): Promise<string | null> {
  const options = ["--dump", "--encoding=base64", "--no-dereference", "--absolute-names"];
  const argv = ["-0", "getfattr", ...options, "--match=-", "--"];
  return new Promise((resolve, reject) => {
    const child = spawn("xargs", argv, { stdio: ["pipe", "pipe", "ignore"], signal });
    let dump = "";
    child.stdout.setEncoding("latin1").on("data", (piece: string) => {
      dump += piece;
    });
    child.once("error", (error) => (signal?.aborted === true ? reject(error) : resolve(null)));
    // A file that is gone by now is no failure: whoever reads its content finds out.
    child.once("close", (code) => resolve(notRun.includes(code ?? 127) ? null : dump));
    // The program may be gone before it has read everything.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}
