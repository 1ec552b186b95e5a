import { describe, expect, test } from "vitest";
import { type Incident, decide } from "../../../src/notify/decide.ts";
import type { NotifyEvent } from "../../../src/notify/event.ts";
import { channelsFor } from "../../../src/notify/routes.ts";

const event = (fields: Partial<NotifyEvent>): NotifyEvent => ({
  id: "e",
  kind: "job",
  level: "error",
  state: "bad",
  subject: "job:models",
  title: "t",
  text: "x",
  hint: null,
  at: "2026-11-22T03:00:00.000Z",
  ...fields,
});

const at = (time: string) => new Date(`2026-11-${time}:00.000Z`);

describe("a job that fails hour by hour", () => {
  test("is told once, then once a day, and when it succeeds again", () => {
    let incident: Incident | null = null;
    const told: string[] = [];
    for (let hour = 0; hour < 50; hour += 1) {
      const now = new Date(at("22T03:00").getTime() + hour * 3_600_000);
      const decision = decide(event({}), incident, now);
      incident = decision.incident;
      if (decision.tell) told.push(now.toISOString());
    }
    expect(told).toEqual([
      "2026-11-22T03:00:00.000Z",
      "2026-11-23T03:00:00.000Z",
      "2026-11-24T03:00:00.000Z",
    ]);
    const end = decide(event({ state: "good", level: "info" }), incident, at("24T06:00"));
    expect(end).toEqual({
      tell: true,
      routedAs: "error",
      recovered: { since: "2026-11-22T03:00:00.000Z", times: 50 },
      incident: null,
    });
  });

  test("is told at once when it becomes worse", () => {
    const { incident } = decide(event({}), null, at("22T03:00"));
    const worse = decide(event({ level: "critical" }), incident, at("22T04:00"));
    expect(worse).toMatchObject({ tell: true, incident: { level: "critical" } });
    const milder = decide(event({ level: "warning" }), worse.incident, at("22T05:00"));
    expect(milder).toMatchObject({ tell: false, incident: { level: "critical" } });
  });
});

test("each operation that fails is told, since somebody typed it", () => {
  const failed = event({ kind: "operation", subject: "operation:deploy" });
  const { incident } = decide(failed, null, at("22T03:00"));
  expect(decide(failed, incident, at("22T03:01")).tell).toBe(true);
});

describe("routes", () => {
  const kinds: ("operation" | "job" | "health")[] = ["operation", "job", "health"];
  const routes = [
    { level: "error" as const, kinds, to: ["ops", "mail"] },
    { level: "info" as const, kinds: ["operation" as const], to: ["chat", "ops"] },
  ];

  test("take what is of their level or above, and of their kinds, to each channel once", () => {
    expect(channelsFor({ kind: "job", level: "info" }, routes)).toEqual([]);
    expect(channelsFor({ kind: "job", level: "critical" }, routes)).toEqual(["ops", "mail"]);
    expect(channelsFor({ kind: "operation", level: "warning" }, routes)).toEqual(["chat", "ops"]);
    expect(channelsFor({ kind: "operation", level: "error" }, routes)).toEqual([
      "ops",
      "mail",
      "chat",
    ]);
  });
});
