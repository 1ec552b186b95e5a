import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { play } from "../../../src/bench/engine/play.ts";
import { summarize } from "../../../src/bench/measure/summary.ts";
import { randomNumbers } from "../../../src/bench/random.ts";
import { planRun } from "../../../src/bench/scenario/plan.ts";
import { parseScenario } from "../../../src/bench/scenario/scenario.ts";
import { rounds, timeLimit } from "../../support/every.ts";
import { serveRaw } from "./servers.ts";

const timeout = 150;

/** What a target may do with a request; one that answers in full says so. */
const behaviours: ((socket: Socket) => boolean)[] = [
  (socket) => answer(socket, "200 OK", "ok"),
  (socket) => answer(socket, "200 OK", "ok"),
  (socket) => answer(socket, "200 OK", "x".repeat(200_000)),
  (socket) => answer(socket, "500 No", "no"),
  (socket) => later(socket, 40),
  (socket) => later(socket, timeout + 50),
  (socket) => without(() => socket.end()),
  (socket) => without(() => socket.resetAndDestroy()),
  (socket) => without(() => socket.write("SSH-2.0-OpenSSH_9.6\r\n")),
  (socket) => without(() => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")),
  () => false,
];

function answer(socket: Socket, status: string, body: string): boolean {
  socket.write(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return status.startsWith("200");
}

function later(socket: Socket, wait: number): boolean {
  setTimeout(() => {
    if (!socket.destroyed) answer(socket, "200 OK", "ok");
  }, wait);
  return true;
}

function without(work: () => void): boolean {
  work();
  return false;
}

/** One load against one target that does anything at random, may go away, and may be broken off. */
async function faultRun(seed: number): Promise<void> {
  const random = randomNumbers(seed);
  const below = (end: number) => Math.floor(random() * end);
  let [seen, answered] = [0, 0];
  const server = await serveRaw((socket) => {
    seen += 1;
    if (behaviours[below(behaviours.length)]?.(socket) === true) answered += 1;
  });
  const load =
    below(2) === 0
      ? `users: ${1 + below(8)}`
      : `rate: ${50 + below(250)}\nworkers: ${1 + below(3)}\nmaxInFlight: ${5 + below(30)}`;
  const text = `name: faults\nrequests: [{ path: / }]\nduration: 400ms\ntimeout: ${timeout}ms\n${load}`;
  const plan = planRun(parseScenario(text, "faults.yaml"), {});
  const stop = new AbortController();
  const run = play({ plan, target: { url: server.url }, signal: stop.signal });
  const goesAway = below(4) === 0;
  const breaksOff = below(4) === 0;
  if (goesAway || breaksOff) await sleep(100 + below(200));
  if (goesAway) await server.close();
  if (breaksOff) stop.abort();
  const { recording, facts } = await run;
  if (!goesAway) await server.close();
  const { requests, errors, statuses } = summarize(recording, facts);
  const { scheduled, ok, failed, dropped, unfinished } = requests;
  const told = JSON.stringify({ seed, text, seen, answered, requests, errors, statuses });
  expect(ok + failed + dropped + unfinished, told).toBe(scheduled);
  expect(
    Object.values(errors).reduce((sum, count) => sum + count, 0),
    told,
  ).toBe(failed);
  // None is made up, and none sent twice.
  expect(seen, told).toBeLessThanOrEqual(scheduled - dropped);
  expect(ok, told).toBeLessThanOrEqual(answered);
  expect(ok, told).toBeLessThanOrEqual(statuses["200"] ?? 0);
}

it(
  "every request is accounted for, whatever becomes of the target",
  async () => {
    for (let round = 1; round <= rounds(10, 100); round += 1) await faultRun(round);
  },
  timeLimit(60_000),
);
