import { expect, onTestFinished, test } from "vitest";
import { ping } from "../../../src/schedule/execute/ping.ts";
import { type Answer, captureHttp } from "../../support/http-capture.ts";

async function capture(...answers: Answer[]) {
  const server = await captureHttp(answers);
  onTestFinished(() => server.close());
  return server;
}

const run = "20261122T020000Z-aaaa";

test("a run is told by where it stands, with one id that the service takes", async () => {
  const { url, requests } = await capture({ status: 200 });
  const tell = (moment: Parameters<typeof ping>[0]["moment"], exitCode: number | null = null) =>
    ping({ url: `${url}/check?token=x`, moment, run, exitCode });
  expect(await tell("start")).toBe(true);
  expect(await tell("succeeded", 0)).toBe(true);
  expect(await tell("failed", 7)).toBe(true);
  expect(await tell("lost")).toBe(true);
  const found = requests.map(({ path }) => new URL(path, url));
  expect(found.map(({ pathname }) => pathname)).toEqual([
    "/check/start",
    "/check",
    "/check/7",
    "/check/fail",
  ]);
  const ids = new Set(found.map(({ searchParams }) => searchParams.get("rid")));
  expect(ids.size).toBe(1);
  expect([...ids][0]).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
  expect(found[0]?.searchParams.get("token")).toBe("x");
});

test("one that nobody takes is tried once more and given up in time, without an error", async () => {
  const failing = await capture({ status: 500 });
  expect(await ping({ url: failing.url, moment: "start", run })).toBe(false);
  expect(failing.requests).toHaveLength(2);
  const hanging = await capture({ status: 200, hangs: true });
  const begun = Date.now();
  expect(await ping({ url: hanging.url, moment: "start", run })).toBe(false);
  expect(Date.now() - begun).toBeGreaterThanOrEqual(4900);
  expect(await ping({ url: "no address", moment: "start", run })).toBe(false);
  expect(await ping({ url: "http://127.0.0.1:1/x", moment: "start", run })).toBe(false);
}, 60_000);
