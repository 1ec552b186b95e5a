import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runBench, runQuickBench } from "../../../src/bench/run.ts";
import { quickScenario } from "../../../src/bench/scenario/quick.ts";
import { refusedUrl, serve } from "./servers.ts";
import type { RunningServer } from "./servers.ts";

let folder: string;
let server: RunningServer;
let pages = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-bench-"));
  const scenario = `name: gate
users: 2
duration: 2m
requests: [{ path: /health/live }]
thresholds: [p95<500ms, errors<1%]`;
  await writeFile(join(folder, "gate.yaml"), scenario);
  server = await serve((request, response) => {
    if (request.url?.startsWith("/page")) pages += 1;
    response.statusCode =
      request.url === "/health/live" || request.url === "/page?q=a%20b" ? 200 : 404;
    response.end("ok");
  });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

describe("a bench run by name", () => {
  it("passes when every threshold of the scenario is met", async () => {
    const input = { name: "gate", folders: [folder], target: { url: server.url } };
    const result = await runBench({ ...input, overrides: { duration: 200 } });
    expect(result).toMatchObject({ passed: true, reachable: true });
    expect(result.verdicts.map(({ text }) => text)).toEqual(["p95<500ms", "errors<1%"]);
    expect(result.summary).toMatchObject({ scenario: "gate", users: 2, requests: { failed: 0 } });
  });

  it("fails by the thresholds given instead", async () => {
    const input = { name: "gate", folders: [folder], target: { url: server.url } };
    const thresholds = ["p50>10s", "errors<1%"];
    const result = await runBench({ ...input, thresholds, overrides: { duration: 100 } });
    expect(result.passed).toBe(false);
    expect(result.verdicts.map(({ passed }) => passed)).toEqual([false, true]);
  });

  it("fails when nobody is there, and says so", async () => {
    const input = { name: "gate", folders: [folder], target: { url: await refusedUrl() } };
    const result = await runBench({ ...input, overrides: { duration: 100 } });
    expect(result).toMatchObject({ passed: false, reachable: false });
  });

  it("does not pass when it was interrupted", async () => {
    const input = { name: "gate", folders: [folder], target: { url: server.url } };
    const result = await runBench({ ...input, signal: AbortSignal.timeout(100) });
    expect(result).toMatchObject({ passed: false, summary: { interrupted: true } });
  });

  it("sends nothing when a threshold is not understood", async () => {
    let asked = 0;
    const untouched = await serve((_, response) => {
      asked += 1;
      response.end();
    });
    const input = { name: "gate", folders: [folder], target: { url: untouched.url } };
    const refused = runBench({ ...input, thresholds: ["p95<500"] });
    await expect(refused).rejects.toMatchObject({ exitCode: 2 });
    await untouched.close();
    expect(asked).toBe(0);
  });
});

describe("a threshold of one tag", () => {
  const text = (more: string) => `name: tagged
users: 2
duration: 200ms
requests: [{ path: /health/live, tag: good }, { path: /absent, tag: bad }]
thresholds: [${more}]`;

  it("is compared with the requests of that tag alone", async () => {
    await writeFile(join(folder, "tagged.yaml"), text('"errors{good}<1%", "checks{bad}>99%"'));
    const input = { name: "tagged", folders: [folder], target: { url: server.url } };
    const { verdicts } = await runBench(input);
    expect(verdicts).toMatchObject([
      { text: "errors{good}<1%", actual: 0, passed: true },
      { text: "checks{bad}>99%", actual: 0, passed: false },
    ]);
  });

  it("is refused where no request has the tag", async () => {
    await writeFile(join(folder, "tagged.yaml"), text('"p95{goood}<1s"'));
    const refused = runBench({ name: "tagged", folders: [folder], target: { url: server.url } });
    await expect(refused).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("{good}"),
    });
  });
});

describe("a threshold with abortOnFail", () => {
  const scenario = (path: string) => `name: doomed
rate: 50
duration: 20s
requests: [{ path: ${path} }]
thresholds: [{ threshold: errors<5%, abortOnFail: true, after: 100ms }]`;

  it("ends a run that cannot be saved, and says so", async () => {
    await writeFile(join(folder, "doomed.yaml"), scenario("/absent"));
    const startedAt = performance.now();
    const input = { name: "doomed", folders: [folder], target: { url: server.url } };
    const result = await runBench(input);
    expect(result).toMatchObject({ passed: false, aborted: "errors<5%" });
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });

  it("lets a run that meets it go on", async () => {
    await writeFile(join(folder, "doomed.yaml"), scenario("/health/live"));
    const input = { name: "doomed", folders: [folder], target: { url: server.url } };
    const result = await runBench({ ...input, overrides: { duration: 1000 } });
    expect(result).toMatchObject({ aborted: null, summary: { requests: { scheduled: 50 } } });
  });
});

describe("a quick run", () => {
  it("sends each user's requests, no more, and ends", async () => {
    const result = await runQuickBench({ users: 5, requests: 10, url: `${server.url}/page?q=a b` });
    expect(result.summary.requests).toMatchObject({
      scheduled: 50,
      ok: 50,
      failed: 0,
      unfinished: 0,
    });
    expect(pages).toBe(50);
    expect(result.summary.rate).toBeGreaterThan(0);
    expect(result).toMatchObject({ passed: true, verdicts: [] });
  });

  it("goes on for a time that is given, by users or at a rate", async () => {
    const url = `${server.url}/page?q=a b`;
    const [byUsers, atRate] = [
      await runQuickBench({ users: 2, duration: 500, url }),
      await runQuickBench({ rate: 100, duration: 1000, url }),
    ];
    expect(byUsers.summary).toMatchObject({ model: "closed", users: 2 });
    expect(byUsers.summary.durationMs).toBeGreaterThan(450);
    expect(byUsers.summary.requests.ok).toBeGreaterThan(20);
    expect(atRate.summary).toMatchObject({ model: "open", requests: { scheduled: 100, ok: 100 } });
  });

  it("does not pass when nobody is there, even without a threshold", async () => {
    const result = await runQuickBench({ users: 1, requests: 2, url: await refusedUrl() });
    expect(result).toMatchObject({ passed: false, reachable: false });
  });

  it("is judged by thresholds that are given", async () => {
    const thresholds = ["errors<1%"];
    const result = await runQuickBench({
      users: 2,
      requests: 2,
      url: `${server.url}/no`,
      thresholds,
    });
    expect(result).toMatchObject({ passed: false, summary: { errors: { "status 404": 4 } } });
  });

  it.each([
    [{ users: 1, requests: 0, url: "http://127.0.0.1/" }],
    [{ users: 1, requests: 1, url: "no address" }],
    [{ users: 0, requests: 1, url: "http://127.0.0.1/" }],
    [{ users: 1, requests: 1, url: "file:///etc/passwd" }],
    [{ requests: 1, duration: 1000, url: "http://127.0.0.1/" }],
    [{ users: 1, rate: 10, url: "http://127.0.0.1/" }],
    [{ workers: 2, url: "http://127.0.0.1/" }],
  ])("refuses %j", async (input) => {
    await expect(runQuickBench(input)).rejects.toMatchObject({ exitCode: 2 });
  });

  it("keeps the password out of the scenario", () => {
    const { scenario } = quickScenario({ users: 1, requests: 1, url: "http://a:secret@h/x" });
    expect(JSON.stringify(scenario)).not.toContain("secret");
  });
});
