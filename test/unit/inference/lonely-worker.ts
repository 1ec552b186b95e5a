// A model worker that cannot be loaded beside another one, as where memory is short, until there is
// room: a file that says so. It ends by itself where another file says that.
import { existsSync, rmSync, writeFileSync } from "node:fs";
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

/** No run is amid, for whoever asks for it asks nothing else. */
function endWhenAsked(): void {
  if (!existsSync(join(folder, "leave"))) return;
  for (const name of ["leave", "taken"]) rmSync(join(folder, name));
  process.exit(1);
}

if (mayLoad()) {
  await import("../../../src/inference/worker.ts");
  setInterval(endWhenAsked, 10).unref();
} else parentPort?.postMessage({ kind: "unloadable", reason: "there is no room for two" });
