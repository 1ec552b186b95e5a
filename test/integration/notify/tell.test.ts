import { describe, expect, onTestFinished, test } from "vitest";
import { openLedger } from "../../../src/ledger/ledger.ts";
import { claimDeliveries } from "../../../src/ledger/notices.ts";
import type { NotifyEvent } from "../../../src/notify/event.ts";
import { listMessages, retryMessages } from "../../../src/notify/messages.ts";
import { tell } from "../../../src/notify/tell.ts";
import { testChannels } from "../../../src/notify/test-channels.ts";
import { type Answer, captureHttp } from "../../support/http-capture.ts";
import { messageWith, notifyPlaceWith } from "../../support/notify-place.ts";

const hook = (url: string) => ({ webhook: { url } });

async function placeOf(answers: readonly Answer[], now = () => new Date()) {
  const server = await captureHttp(answers);
  onTestFinished(() => server.close());
  const routes = [{ level: "error", to: ["ops"] }];
  const place = notifyPlaceWith({ channels: { ops: hook(server.url) }, routes }, now);
  const titles = () =>
    server.requests.map(({ body }) => (JSON.parse(body) as { data: { title: string } }).data.title);
  return { place, titles };
}

function event(id: string, fields: Partial<NotifyEvent> = {}): NotifyEvent {
  const { project: _p, environment: _e, host: _h, recovered: _r, ...rest } = messageWith(fields);
  return { ...rest, id };
}

describe("an event", () => {
  test("is told once, whoever notices it, and its recovery to those who heard of it", async () => {
    const { place, titles } = await placeOf([]);
    await tell(place, [event("1", { title: "bad" })]);
    await tell(place, [event("1", { title: "bad" }), event("2", { title: "bad still" })]);
    const good = { state: "good", level: "info", title: "good" } as const;
    await tell(place, [event("3", good)]);
    await tell(place, [event("4", good)]);
    expect(titles()).toEqual(["bad", "good"]);
    const messages = listMessages(place, { open: false, limit: 10 });
    expect(messages.map(({ title, state }) => [title, state])).toEqual([
      ["good again", "delivered"],
      ["bad", "delivered"],
    ]);
  });

  test("that no route takes is told to nobody, and writes nothing", async () => {
    const { place, titles } = await placeOf([]);
    await tell(place, [event("1", { state: "happened", level: "warning" })]);
    expect(titles()).toEqual([]);
    expect(listMessages(place, { open: false, limit: 10 })).toEqual([]);
  });
});

describe("what cannot be delivered", () => {
  test("is tried again by a later run, in growing distances, and given up at last", async () => {
    let time = Date.parse("2026-11-22T03:00:00Z");
    const { place, titles } = await placeOf([{ status: 503 }], () => new Date(time));
    const [first] = await tell(place, [event("1")]);
    expect(first).toMatchObject({
      channel: "ops",
      givenUp: false,
      reason: "it answered with status 503",
    });
    expect(titles()).toHaveLength(3);
    await tell(place, []);
    expect(titles()).toHaveLength(3);
    let days = 0;
    while (listMessages(place, { open: true, limit: 1 })[0]?.state === "waiting") {
      time += 24 * 3_600_000;
      days += 1;
      await tell(place, []);
    }
    expect({ days, tries: titles().length }).toEqual({ days: 9, tries: 12 });
    const [dead] = listMessages(place, { open: true, limit: 1 });
    expect(dead).toMatchObject({ state: "dead", attempts: 12, next: null });
  });

  test("is delivered by hand once the receiver works again", async () => {
    const { place, titles } = await placeOf([{ status: 404 }, { status: 200 }]);
    await tell(place, [event("1")]);
    expect(await retryMessages(place)).toEqual({ tried: 1, undelivered: [] });
    expect(titles()).toHaveLength(2);
    expect(await retryMessages(place)).toEqual({ tried: 0, undelivered: [] });
  });

  test("is taken over from a process that died, and not from one that lives", async () => {
    const { place, titles } = await placeOf([{ status: 503 }, { status: 503 }, { status: 503 }]);
    await tell(place, [event("1")]);
    const later = { ...place, now: () => new Date(Date.now() + 3_600_000) };
    const ledger = openLedger(place.paths.ledger);
    onTestFinished(() => void ledger.close());
    const claim = (pid: number, started: string | null) =>
      claimDeliveries(ledger, {
        environment: "local",
        now: later.now(),
        process: { pid, started, boot: null },
      });
    expect(claim(2 ** 22 + 1, null)).toHaveLength(1);
    expect(claim(process.ppid, null)).toHaveLength(1);
    await tell(later, []);
    expect(titles()).toHaveLength(3);
  });
});

test("a channel is sent thirty messages an hour, and critical ones beyond that", async () => {
  const { place, titles } = await placeOf([]);
  const events = Array.from({ length: 33 }, (_, index) =>
    event(String(index), { state: "happened", title: `n ${index}` }),
  );
  await tell(place, events);
  await tell(place, [event("critical", { level: "critical", title: "critical" })]);
  expect(titles().slice(28)).toEqual(["n 28", "n 29", "critical"]);
  const limited = listMessages(place, { open: false, limit: 100 }).filter(
    ({ state }) => state === "limited",
  );
  expect(limited).toHaveLength(3);
});

test("a channel that hangs or is gone keeps no other waiting, and its secret is told nobody", async () => {
  const { place, titles } = await placeOf([]);
  const absent = { slack: { url: { env: "NOT_SET" } } };
  place.settings.channels["gone"] = absent;
  place.settings.routes[0]?.to.push("gone", "unknown");
  place.readSecret = async (secret) => {
    if ("template" in secret) return secret.template;
    const { StudioError } = await import("../../../src/errors.ts");
    throw new StudioError({ code: "secret.missing", message: "not set", exitCode: 2 });
  };
  const undelivered = await tell(place, [event("1")]);
  expect(titles()).toHaveLength(1);
  expect(undelivered.map(({ channel, givenUp }) => [channel, givenUp])).toEqual([
    ["gone", false],
    ["unknown", true],
  ]);
});

test("a test goes to every channel, whatever the routes say", async () => {
  const { place, titles } = await placeOf([]);
  place.settings.routes.splice(0);
  expect(await testChannels(place, null)).toEqual([
    { channel: "ops", ok: true, reason: null, attempts: 1 },
  ]);
  expect(titles()).toEqual(["This is a test of the channel ops"]);
  await expect(testChannels(place, "opps")).rejects.toMatchObject({ hint: "Did you mean ops?" });
});
