import { parentPort, workerData } from "node:worker_threads";
import { reasonOf } from "../../errors.ts";
import type { LoadedSuite } from "./benchmark.ts";
import { loadBuiltIn } from "./built-in.ts";
import { loadFunctions } from "./load-functions.ts";
import type { FromRound, RoundTask } from "./protocol.ts";
import { timeCalls } from "./time-calls.ts";

const task = workerData as RoundTask;

function tell(message: FromRound): void {
  parentPort?.postMessage(message);
}

function load({ source, modelFolders }: RoundTask): Promise<LoadedSuite> {
  if (source.kind === "file") return loadFunctions(source.file);
  return loadBuiltIn(source.names, modelFolders);
}

async function timeAll({ benchmarks, broken }: LoadedSuite): Promise<void> {
  tell({ kind: "ready", names: [...benchmarks, ...broken].map(({ name }) => name) });
  for (const one of broken) tell({ kind: "failed", ...one });
  const wanted = benchmarks.filter(({ name }) => !task.except.includes(name));
  for (const { name, call } of task.reversed ? wanted.toReversed() : wanted) {
    tell({ kind: "begun", name });
    try {
      tell({ kind: "timed", name, timing: await timeCalls(call, task.iterations) });
    } catch (error) {
      tell({ kind: "failed", name, reason: reasonOf(error) });
    }
  }
}

try {
  const suite = await load(task);
  await timeAll(suite);
  await suite.close();
  tell({ kind: "done" });
} catch (error) {
  tell({ kind: "refused", reason: reasonOf(error) });
}
