import { describe, expect, test } from "vitest";
import type { Container } from "../../../../src/deploy/targets/compose/containers.ts";
import {
  awaitedServices,
  standingOf,
} from "../../../../src/deploy/targets/compose/service-standing.ts";

const container = (more: Partial<Container>): Container => ({
  id: "1",
  name: "shop-db-1",
  service: "db",
  labels: {},
  running: more.status === undefined || more.status === "running",
  status: "running",
  exitCode: 0,
  health: null,
  startedAt: null,
  endedAt: null,
  restarts: 0,
  restart: "no",
  image: "",
  imageId: "",
  addresses: [],
  command: [],
  mounts: [],
  ...more,
});

describe("a service that others rely on", () => {
  test("is ready when it is healthy, or runs without a health check", () => {
    expect(standingOf(container({}), false)).toBe("ready");
    expect(standingOf(container({ health: "healthy" }), false)).toBe("ready");
    expect(standingOf(container({ health: "starting" }), false)).toBe("waiting");
    expect(standingOf(container({ status: "created" }), false)).toBe("waiting");
  });

  test("never will be when it is unhealthy, failed, or is started again and again", () => {
    expect(standingOf(container({ health: "unhealthy" }), false)).toEqual({
      problem: "db is unhealthy",
    });
    expect(standingOf(container({ status: "exited", exitCode: 3 }), true)).toEqual({
      problem: "db ended with exit code 3",
    });
    const again = { status: "restarting", exitCode: 1 };
    expect(standingOf(container({ ...again, restarts: 1 }), false)).toBe("waiting");
    expect(standingOf(container({ ...again, restarts: 3 }), false)).toEqual({
      problem: expect.stringContaining("again and again"),
    });
  });

  test("is waited for until it has ended where its end is awaited, and may end where it is not", () => {
    const ended = { status: "exited", exitCode: 0 };
    expect(standingOf(container({}), true)).toBe("waiting");
    expect(standingOf(container(ended), true)).toBe("ready");
    expect(standingOf(container({ ...ended, health: "healthy" }), true)).toBe("ready");
    expect(standingOf(container(ended), false)).toBe("ready");
    expect(standingOf(container({ ...ended, health: "unhealthy" }), false)).toEqual({
      problem: "db ended with exit code 0",
    });
  });
});

test("the end of a service is awaited where a dependency says so", () => {
  const services = {
    api: { depends_on: { assets: { condition: "service_completed_successfully" }, db: {} } },
    worker: { depends_on: { db: { condition: "service_healthy" } } },
  };
  expect(awaitedServices({ name: "shop", services })).toEqual(new Set(["assets"]));
});
