import { renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { healthEvents } from "../../../src/notify/observe/health.ts";
import { tell } from "../../../src/notify/tell.ts";
import type { HealthStanding } from "../../../src/server/daemon-spec.ts";
import { captureHttp } from "../../support/http-capture.ts";
import { notifyPlaceWith } from "../../support/notify-place.ts";
import { startServe } from "../../support/serve.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 3, minute)).toISOString();

const standing = (
  component: string,
  status: HealthStanding["status"],
  minute: number,
): HealthStanding => ({
  component,
  status,
  reason: status === "unhealthy" ? "it refused a query" : null,
  overall: status,
  at: at(minute),
});

async function place(level: string) {
  const server = await captureHttp();
  onTestFinished(() => server.close());
  const channels = { ops: { webhook: { url: server.url } } };
  const routes = [{ level, kinds: ["health"], to: ["ops"] }];
  const where = notifyPlaceWith({ channels, routes });
  const told = () => server.requests.map(({ body }) => JSON.parse(body).data as Told);
  return { told, look: (...all: HealthStanding[]) => tell(where, healthEvents(where, all)) };
}

interface Told {
  title: string;
  level: string;
  text: string;
  recovered: object | null;
}

describe("health that turns bad", () => {
  test("is told once, by how bad it is, and so is its end to those who heard of it", async () => {
    const { told, look } = await place("critical");
    await look(standing("database", "healthy", 0), standing("models", "healthy", 0));
    await look(standing("database", "unhealthy", 1), standing("models", "degraded", 1));
    await look(standing("database", "unhealthy", 2), standing("models", "degraded", 2));
    await look(standing("database", "healthy", 3), standing("models", "healthy", 3));
    await look(standing("database", "healthy", 4), standing("models", "healthy", 4));
    expect(told()).toMatchObject([
      {
        title: 'The component "database" of the API is unhealthy',
        level: "critical",
        text: "it refused a query. The API as a whole is unhealthy.",
        recovered: null,
      },
      { title: 'The component "database" of the API is healthy', recovered: { times: 2 } },
    ]);
  });

  test("in part is a warning", async () => {
    const { told, look } = await place("warning");
    await look(standing("storage", "degraded", 1));
    expect(told()).toMatchObject([{ level: "warning" }]);
  });
});

test("a daemon tells of a folder that is gone and of its return, and serves on all the while", async () => {
  const server = await captureHttp();
  const settings = `
name: shop
notify:
  channels: { ops: { webhook: { url: { env: HOOK_URL } } } }
  routes: [{ level: warning, kinds: [health], to: [ops] }]
`;
  const served = await startServe({ settings, env: { HOOK_URL: server.url } });
  onTestFinished(async () => {
    await served.remove();
    await server.close();
  });
  const data = join(served.directory, ".studio/data");
  const titles = async (count: number) => {
    for (let tries = 0; server.requests.length < count && tries < 900; tries += 1) {
      await served.ask("GET", "/health");
      await sleep(100);
    }
    return server.requests.map(({ body }) => (JSON.parse(body) as { data: Told }).data.title);
  };
  while ((await served.ask("GET", "/health")).status !== 200) await sleep(100);
  renameSync(data, `${data}-gone`);
  expect(await titles(1)).toEqual(['The component "storage" of the API is unhealthy']);
  expect((await served.ask("GET", "/health/live")).status).toBe(200);
  renameSync(`${data}-gone`, data);
  expect((await titles(2)).at(-1)).toBe('The component "storage" of the API is healthy');
}, 300_000);
