import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { watchEventLoop } from "../measure/event-loop-delay.ts";
import { answerTime } from "./latency-law.ts";
import type { Law } from "./latency-law.ts";

const law = workerData as Law;
const beganAt = performance.now();
const eventLoopDelay = watchEventLoop();
let count = 0;
/** Of performance.now() of this thread. */
const arrivals: number[] = [];
const mostArrivals = 100_000;

const server = createServer((request, response) => {
  count += 1;
  if (count <= mostArrivals) arrivals.push(performance.now());
  if (law.kind === "hang-up" && count % 2 === 0) {
    request.socket.end();
    return;
  }
  const at = performance.now() - beganAt;
  const wait = answerTime(law, at) - at;
  if (wait <= 0) response.end("ok");
  else setTimeout(() => response.end("ok"), wait);
});

server.listen(0, "127.0.0.1", () => {
  parentPort?.postMessage((server.address() as AddressInfo).port);
});
parentPort?.once("message", () => {
  parentPort?.postMessage({ ...eventLoopDelay(), arrivals });
  server.closeAllConnections();
  server.close();
});
