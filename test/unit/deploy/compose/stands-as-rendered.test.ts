import { describe, expect, test } from "vitest";
import { labels } from "../../../../src/deploy/targets/compose/colours.ts";
import type { Container } from "../../../../src/deploy/targets/compose/containers.ts";
import { standsAsRendered } from "../../../../src/deploy/targets/compose/stands-as-rendered.ts";

const own = {
  [labels.definition]: "of-now",
  [labels.environment]: "production",
  [labels.directory]: "/shop",
};
const config = {
  name: "shop",
  services: {
    db: { image: "studio/shop-db:1", labels: { team: "data", ...own } },
    workers: { image: "studio/shop-workers:1", deploy: { replicas: 2 }, labels: own },
  },
};

function container(changes: Partial<Container> = {}): Container {
  return {
    id: "c1",
    name: "shop-db-1",
    service: "db",
    labels: { ...own, "com.docker.compose.service": "db" },
    running: true,
    status: "running",
    exitCode: 0,
    health: "healthy",
    startedAt: "2026-01-01T00:00:00Z",
    endedAt: null,
    restarts: 0,
    restart: "always",
    image: "studio/shop-db:1",
    imageId: "sha256:1",
    addresses: ["172.18.0.2"],
    command: ["postgres"],
    mounts: [],
    ...changes,
  };
}

const worker = (): Container => container({ service: "workers", image: "studio/shop-workers:1" });

describe("a backing service needs nothing", () => {
  test("where it runs, healthy, as it is defined", () => {
    expect(standsAsRendered([container()], config, ["db"])).toBe(true);
  });

  test("where as many of it run as are to", () => {
    expect(standsAsRendered([worker(), worker()], config, ["workers"])).toBe(true);
    expect(standsAsRendered([worker()], config, ["workers"])).toBe(false);
  });
});

describe("a backing service is brought up", () => {
  test.each<[string, Partial<Container>]>([
    ["has another definition", { labels: { ...own, [labels.definition]: "of-before" } }],
    ["has another image", { image: "studio/shop-db:0" }],
    ["is of another folder", { labels: { ...own, [labels.directory]: "/old" } }],
    ["has ended, even well", { running: false, status: "exited", health: null }],
    ["starts over and over", { running: false, status: "restarting" }],
    ["is not healthy yet", { health: "starting" }],
    ["is unhealthy", { health: "unhealthy" }],
  ])("that %s", (_what, changes) => {
    expect(standsAsRendered([container(changes)], config, ["db"])).toBe(false);
  });

  test("that is not there, or that nothing defines", () => {
    expect(standsAsRendered([], config, ["db"])).toBe(false);
    expect(standsAsRendered([container({ service: "cache" })], config, ["cache"])).toBe(false);
  });
});
