import { parentPort, workerData } from "node:worker_threads";
import { watchEventLoop } from "../../measure/event-loop-delay.ts";
import { packRecording } from "../../measure/packed-recording.ts";
import { progressEvery } from "../measurement.ts";
import { Generator } from "./generator.ts";
import type { FromGenerator, GeneratorTask, ToGenerator } from "./protocol.ts";

const task = workerData as GeneratorTask;
let generator: Generator | undefined;

function tell(message: FromGenerator): void {
  parentPort?.postMessage(message);
}

/** @param at nanoseconds of process.hrtime, whose zero is not that of performance.now() */
async function run(at: bigint): Promise<void> {
  const ahead = Number(at - process.hrtime.bigint()) / 1e6;
  const own = new Generator(task, performance.now() + ahead);
  generator = own;
  const eventLoopDelay = watchEventLoop();
  const timer = setInterval(() => tell({ kind: "progress", ...own.progress() }), progressEvery);
  await own.run();
  clearInterval(timer);
  const recording = packRecording(own.recorder.recording);
  tell({ kind: "done", recording, eventLoopDelay: eventLoopDelay() });
  parentPort?.close();
}

parentPort?.on("message", (message: ToGenerator) => {
  if (message.kind === "start") void run(message.at);
  else generator?.stop();
});
tell({ kind: "ready" });
