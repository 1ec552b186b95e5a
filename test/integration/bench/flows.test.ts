import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { runBench } from "../../../src/bench/run.ts";
import { serve } from "./servers.ts";
import type { RunningServer } from "./servers.ts";

let folder: string;
let server: RunningServer;
/** What was asked for, in order. */
let asked: string[] = [];
const sessions = new Map<string, string>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "studio-flows-"));
  const names = Array.from({ length: 6 }, (_, index) => `user${index}`);
  writeFileSync(join(folder, "users.csv"), ["name", ...names].join("\n"));
  server = await serve((request, response) => {
    const { url = "" } = request;
    asked.push(url);
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      if (url === "/login") {
        const { name } = JSON.parse(body) as { name: string };
        const token = `t-${sessions.size}`;
        sessions.set(token, name);
        response.end(JSON.stringify({ session: { token, name } }));
        return;
      }
      const owner = sessions.get(String(request.headers["x-token"]));
      response.statusCode = owner !== undefined && url === `/home/${owner}` ? 200 : 403;
      response.end(`welcome ${owner}`);
    });
  });
});

beforeEach(() => {
  asked = [];
  sessions.clear();
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

function flows(order: string, home = "/home/{{name}}"): string {
  return `
flows:
  - name: visit
    feed: { file: users.csv, order: ${order} }
    steps:
      - method: POST
        path: /login
        tag: login
        body: { name: "{{name}}" }
        expect: { body: { json: { session.name: user0 } } }
        capture: { token: { json: session.token } }
      - path: "${home}"
        tag: home
        headers: { x-token: "{{token}}" }
        expect: { body: { contains: welcome } }
`;
}

async function play(load: string, given: string) {
  writeFileSync(join(folder, "visit.yaml"), `name: visit\n${load}${given}`);
  return runBench({ name: "visit", folders: [folder], target: { url: server.url } });
}

const anyone = (text: string) => text.replace("{ body: { json: { session.name: user0 } } }", "{}");

test.each([
  ["users", "users: 3\nduration: 1s"],
  ["a rate of two threads", "rate: 40\nduration: 500ms\nworkers: 2"],
])("flows of %s carry what they captured to the next step", async (_what, load) => {
  const { summary, passed, reachable } = await play(load, anyone(flows("sequential")));
  const { login, home } = summary.tags;
  expect(summary.errors).toEqual({});
  expect({ passed, reachable, interrupted: summary.interrupted }).toMatchObject({ passed: true });
  expect(home?.requests.ok).toBe(login?.requests.ok);
  expect(home?.requests.ok).toBeGreaterThan(0);
  expect(summary.requests.scheduled).toBe(asked.length);
});

test("each row of a unique feed is used once, whichever thread begins the flow", async () => {
  const { summary } = await play("rate: 40\nduration: 500ms\nworkers: 2", anyone(flows("unique")));
  expect([...sessions.values()].toSorted()).toEqual([
    "user0",
    "user1",
    "user2",
    "user3",
    "user4",
    "user5",
  ]);
  const { scheduled, ok, dropped } = summary.requests;
  expect({ scheduled, ok, dropped }).toEqual({ scheduled: 26, ok: 12, dropped: 14 });
});

test("users of a unique feed end with its last row", async () => {
  const startedAt = performance.now();
  const { summary } = await play("users: 2\nduration: 60s", anyone(flows("unique")));
  expect(summary.requests.ok).toBe(12);
  expect(performance.now() - startedAt).toBeLessThan(30_000);
});

test("a step that fails its check ends its flow, and is counted by name", async () => {
  const { summary } = await play("users: 1\nduration: 60s", flows("unique"));
  expect(summary.errors).toEqual({ "check: body at session.name": 5 });
  expect(summary.tags["home"]?.requests.scheduled).toBe(1);
  expect(summary.checks).toEqual({ passed: 2, failed: 5 });
  const { scheduled, ok, failed, dropped, unfinished } = summary.requests;
  expect(scheduled).toBe(ok + failed + dropped + unfinished);
});
