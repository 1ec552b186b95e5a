import { createHmac } from "node:crypto";
import { createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { attempt } from "../../../src/notify/attempt.ts";
import type { Channel } from "../../../src/notify/channels/channel.ts";
import { openPagerDuty } from "../../../src/notify/channels/pagerduty.ts";
import { readRetryAfter } from "../../../src/notify/channels/post.ts";
import { openSlack } from "../../../src/notify/channels/slack.ts";
import { openWebhook } from "../../../src/notify/channels/webhook.ts";
import { type Answer, captureHttp } from "../../support/http-capture.ts";
import { messageWith } from "../../support/notify-place.ts";

const now = () => new Date("2026-11-22T03:00:00.000Z");
const never = new AbortController().signal;

async function capture(...answers: Answer[]) {
  const server = await captureHttp(answers);
  onTestFinished(() => server.close());
  return server;
}

async function sendThrough(channel: Channel, tries = 3) {
  const waits: number[] = [];
  const sleep = async (milliseconds: number) => void waits.push(milliseconds);
  const result = await attempt({
    channel,
    message: messageWith({}),
    tries,
    signal: never,
    sleep,
  });
  return { ...result, waits };
}

const webhook = (url: string, signingSecret: string | null = null) =>
  openWebhook({ url, headers: { "x-team": "ops" }, signingSecret, now });

test("A webhook is sent JSON with the headers of the configuration, signed as Standard Webhooks are", async () => {
  const server = await capture({ status: 204 });
  const key = Buffer.from("a key of some bytes");
  const { sent } = await sendThrough(webhook(server.url, `whsec_${key.toString("base64")}`));
  expect(sent).toEqual({ ok: true });
  const body = server.requests[0]?.body ?? "";
  const headers = server.requests[0]?.headers ?? {};
  expect(JSON.parse(body)).toMatchObject({
    type: "studio.job.bad",
    data: { title: 'The job "database" failed', project: "shop", environment: "production" },
  });
  const signed = [headers["webhook-id"], headers["webhook-timestamp"], body].join(".");
  const signature = createHmac("sha256", key).update(signed).digest("base64");
  expect(headers).toMatchObject({ "x-team": "ops", "webhook-signature": `v1,${signature}` });
});

describe.each([
  ["A webhook", webhook],
  ["Slack", (url: string) => openSlack({ url, now })],
  ["PagerDuty", (url: string) => openPagerDuty({ url, routingKey: "r", now })],
] as const)("%s", (_name, open) => {
  test("that fails is tried again with growing waits, or after what it asks for", async () => {
    const server = await capture(
      { status: 500 },
      { status: 429, headers: { "retry-after": "3" } },
      { status: 200 },
    );
    const { sent, attempts, waits } = await sendThrough(open(server.url));
    expect({ sent, attempts, waits }).toEqual({
      sent: { ok: true },
      attempts: 3,
      waits: [500, 3000],
    });
    // Every attempt of a message is the same to its receiver.
    expect(new Set(server.requests.map(({ body }) => body)).size).toBe(1);
    const ids = server.requests.map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(1);
  });

  test("that asks to wait long is left for later, and one that refuses for good is not tried again", async () => {
    const busy = await capture({ status: 429, headers: { "retry-after": "3600" } });
    expect(await sendThrough(open(busy.url))).toMatchObject({
      attempts: 1,
      sent: { ok: false, final: false, retryAfter: 3_600_000 },
    });
    const gone = await capture({ status: 404 });
    expect(await sendThrough(open(gone.url))).toMatchObject({
      attempts: 1,
      sent: { ok: false, final: true, reason: "it answered with status 404" },
    });
    const elsewhere = await capture({ status: 302, headers: { location: gone.url } });
    expect(await sendThrough(open(elsewhere.url))).toMatchObject({ sent: { final: true } });
    expect(gone.requests).toHaveLength(1);
  });

  test("that does not answer, or is not there, is given up in time, and its address is not told", async () => {
    const hanging = await capture({ status: 200, hangs: true });
    const secret = "/planted-path";
    const sent = await open(`${hanging.url}${secret}`).send(
      messageWith({}),
      AbortSignal.timeout(100),
    );
    expect(sent).toMatchObject({ ok: false, reason: "there was no answer in time" });
    const port = await closedPort();
    const dead = await open(`http://127.0.0.1:${port}${secret}`).send(messageWith({}), never);
    expect(dead).toMatchObject({ ok: false, reason: "the connection failed (ECONNREFUSED)" });
    const odd = await open("ftp://planted.example").send(messageWith({}), never);
    expect(odd).toMatchObject({ ok: false, final: true, reason: "its address is no http address" });
  });
});

test("Slack is sent its marks as text", async () => {
  const server = await capture({ status: 200 });
  const message = messageWith({ text: "a < b & <!channel>" });
  await openSlack({ url: `${server.url}/T/B/x`, now }).send(message, never);
  const body = JSON.parse(server.requests[0]?.body ?? "") as {
    text: string;
    attachments: { text: string }[];
  };
  expect(body.text).toBe('*[shop production] The job "database" failed*');
  expect(body.attachments[0]?.text).toContain("a &lt; b &amp; &lt;!channel&gt;");
});

test("PagerDuty is told of one incident by one key, when it begins and when it ends", async () => {
  const server = await capture({ status: 202 });
  const channel = openPagerDuty({ url: server.url, routingKey: "r", now });
  await channel.send(messageWith({}), never);
  await channel.send(messageWith({ state: "good", level: "info" }), never);
  const [begin, end] = server.requests.map(({ body }) => JSON.parse(body) as object);
  const dedup_key = "studio/shop/production/job:database";
  expect(begin).toMatchObject({
    event_action: "trigger",
    dedup_key,
    payload: { severity: "error" },
  });
  expect(end).toMatchObject({ event_action: "resolve", dedup_key, routing_key: "r" });
});

test("Retry-After is read as seconds and as a date", () => {
  expect(readRetryAfter("7", now())).toBe(7000);
  expect(readRetryAfter("Sun, 22 Nov 2026 03:00:09 GMT", now())).toBe(9000);
  expect(readRetryAfter("soon", now())).toBe(null);
});

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}
