import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DaemonState } from "../../../src/server/daemon.ts";
import { type Answer, sendTo } from "./running.ts";
import { type TwoDaemons, startTwoDaemons } from "./two-daemons.ts";

const copies = 6;

let two: TwoDaemons;

beforeAll(async () => {
  two = await startTwoDaemons(copies);
}, 180_000);

afterAll(() => two.close());

const control: TwoDaemons["control"] = (...asked) => two.control(...asked);
const stateOf = (release: string): Promise<DaemonState | null> => two.stateOf(release);

interface Tally {
  answers: Record<string, number>;
  failures: string[];
  retries: number;
}

/** One request; sent again only when a connection that was used before turned out to be closed. */
function ask(agent: Agent | false, tally: Tally, slow: boolean): Promise<void> {
  return new Promise((resolve) => {
    const body = JSON.stringify({ task: "language", texts: Array(slow ? 8 : 1).fill("hello you") });
    const request = httpRequest(
      {
        host: "127.0.0.1",
        port: two.port,
        method: "POST",
        path: "/api/v1/text/process",
        agent,
        headers: { "content-type": "application/json" },
      },
      (response) => {
        response.resume();
        response.on("end", () => {
          const release = String(response.headers["x-studio-release"]);
          if (response.statusCode === 200)
            tally.answers[release] = (tally.answers[release] ?? 0) + 1;
          else tally.failures.push(`status ${response.statusCode}`);
          resolve();
        });
        response.on("error", (error) => {
          tally.failures.push(`answer: ${error.message}`);
          resolve();
        });
      },
    );
    request.on("error", (error: NodeJS.ErrnoException) => {
      if (request.reusedSocket && error.code === "ECONNRESET") {
        tally.retries++;
        resolve(ask(agent, tally, slow));
        return;
      }
      tally.failures.push(`${error.code ?? ""} ${error.message}`);
      resolve();
    });
    request.end(body);
  });
}

describe("two daemons on one listening socket", () => {
  it("hand it over many times and lose no request", async () => {
    const tally: Tally = { answers: {}, failures: [], retries: 0 };
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const load = { running: true };
    const client = async (kind: Agent | false, pause: number, slow = false): Promise<void> => {
      while (load.running) {
        await ask(kind, tally, slow);
        await sleep(pause);
      }
    };
    await control("blue", "POST", "accept");
    const clients = [
      ...Array.from({ length: 6 }, (_, index) => client(agent, index)),
      ...Array.from({ length: 4 }, (_, index) => client(false, index)),
      client(agent, 0, true),
    ];
    const order = ["green", "blue", "green", "blue", "green", "blue", "green", "blue", "green"];
    for (const next of order) {
      await sleep(250);
      const previous = next === "green" ? "blue" : "green";
      expect((await control(next, "POST", "accept")).status).toBe(200);
      expect((await control(previous, "POST", "pause")).status).toBe(200);
      expect((await stateOf(previous))?.accepting).toBe(false);
    }
    await sleep(250);
    load.running = false;
    await Promise.all(clients);
    agent.destroy();
    expect(tally.failures).toEqual([]);
    // Nor was an idle connection closed under a request: none of them was idle for 5 s.
    expect(tally.retries).toBe(0);
    expect(tally.answers["blue"]).toBeGreaterThan(100);
    expect(tally.answers["green"]).toBeGreaterThan(100);
    const states = await Promise.all(["blue", "green"].map(stateOf));
    for (const state of states) {
      expect(state).toMatchObject({ takesLeft: 1, requests: { errors: 0 } });
    }
  }, 180_000);

  it("keep an idle connection until its time is over, and close it after its next answer", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const get = (): Promise<Answer> =>
      sendTo({ host: "127.0.0.1", port: two.port, path: "/", agent, method: "GET" });
    const first = await get();
    expect(first.headers).toMatchObject({
      "x-studio-release": "green",
      connection: "keep-alive",
      "keep-alive": "timeout=5",
    });
    expect((await control("blue", "POST", "accept")).status).toBe(200);
    expect((await control("green", "POST", "pause")).status).toBe(200);
    const second = await get();
    expect(second.headers).toMatchObject({ "x-studio-release": "green", connection: "close" });
    const third = await get();
    expect(third.headers).toMatchObject({ "x-studio-release": "blue" });
    agent.destroy();
  });

  it("say so when the copies of the socket are used up", async () => {
    for (let round = 0; round < copies; round++) {
      const { takesLeft } = (await stateOf("green")) as DaemonState;
      if (takesLeft === 0) break;
      expect((await control("green", "POST", "accept")).status).toBe(200);
      await control("green", "POST", "pause");
    }
    expect(await control("green", "POST", "accept")).toMatchObject({
      status: 409,
      body: { code: "daemon.descriptors" },
    });
  });

  it("end by themselves after a stop, without the runtime's usage files", async () => {
    const child = two.children["green"] as ChildProcess;
    const exit = once(child, "exit");
    expect((await control("green", "POST", "stop", { drain: 1000 })).status).toBe(202);
    expect(await exit).toEqual([0, null]);
    expect(await stateOf("green")).toBeNull();
    expect(existsSync(join(tmpdir(), `mat-debug-${child.pid}.log`))).toBe(false);
  });
});
