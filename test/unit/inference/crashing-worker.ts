// A model worker whose run ends the thread: what a crash looks like from outside.
import { parentPort } from "node:worker_threads";

parentPort?.postMessage({
  kind: "ready",
  inputs: [{ name: "features", type: "float32", dims: ["N", 4] }],
  outputs: [],
  rows: "free",
  slots: [new SharedArrayBuffer(64), new SharedArrayBuffer(64)],
});
parentPort?.on("message", (message: { kind: string }) => {
  if (message.kind === "close") parentPort?.close();
  else throw new Error("the worker broke");
});
