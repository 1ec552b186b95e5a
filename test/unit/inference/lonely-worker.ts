// A model worker that cannot be loaded beside another one, as where memory is short, until there is
// room: a file that says so.
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";

const { file } = workerData as { file: string };
const folder = dirname(dirname(dirname(file)));

function mayLoad(): boolean {
  if (existsSync(join(folder, "room"))) return true;
  try {
    writeFileSync(join(folder, "taken"), "", { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

if (mayLoad()) await import("../../../src/inference/worker.ts");
else parentPort?.postMessage({ kind: "unloadable", reason: "there is no room for two" });
