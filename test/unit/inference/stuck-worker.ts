// A model worker whose runs hold its thread, as native code does that computes for very long.
import { parentPort } from "node:worker_threads";

const held = new Int32Array(new SharedArrayBuffer(4));
const heldFor = 1500;

parentPort?.postMessage({
  kind: "ready",
  inputs: [{ name: "x", type: "float32", dims: ["N"] }],
  outputs: [{ name: "y", type: "float32", dims: ["N"] }],
  rows: "free",
  slots: [new SharedArrayBuffer(64), new SharedArrayBuffer(64)],
});
parentPort?.on("message", (message: { kind: string; id: number; shapes: number[][] }) => {
  if (message.kind === "close") {
    parentPort?.close();
    return;
  }
  Atomics.wait(held, 0, 0, heldFor);
  const { id, shapes } = message;
  parentPort?.postMessage({ kind: "result", id, milliseconds: heldFor, shapes, data: null });
});
