import { suggest } from "../config/suggest.ts";
import { usageError } from "../errors.ts";
import { attempt } from "./attempt.ts";
import { openNamed } from "./deliver.ts";
import type { Message } from "./event.ts";
import type { NotifyPlace } from "./place.ts";

export interface TestedChannel {
  channel: string;
  ok: boolean;
  /** Why it did not work. */
  reason: string | null;
  attempts: number;
}

/** Milliseconds for all channels together. */
const longestTest = 30_000;

/**
 * Sends a message to one channel, or to each, whatever the routes say. Nothing is kept of it.
 * @throws StudioError (exit 2) where there is no such channel, or none at all
 */
export async function testChannels(
  place: NotifyPlace,
  name: string | null,
): Promise<TestedChannel[]> {
  const names = Object.keys(place.settings.channels);
  if (names.length === 0) {
    throw usageError(
      "There is no channel to test.",
      "Name one in studio.yaml: notify: { channels: { ops: { slack: { url: { env: SLACK_URL } } } } }",
    );
  }
  if (name !== null && !names.includes(name)) throw unknownChannel(name, names);
  const signal = AbortSignal.timeout(longestTest);
  return Promise.all(
    (name === null ? names : [name]).map(async (one) => {
      const channel = await openNamed(place, one);
      const message = testMessage(place, one);
      const { sleep } = place;
      const { sent, attempts } = await attempt({ channel, message, tries: 3, signal, sleep });
      return { channel: one, ok: sent.ok, reason: sent.ok ? null : sent.reason, attempts };
    }),
  );
}

function testMessage({ project, environment, host, now }: NotifyPlace, channel: string): Message {
  const at = now().toISOString();
  return {
    id: `test:${channel}:${at}`,
    kind: "test",
    level: "info",
    state: "happened",
    subject: `test:${channel}`,
    title: `This is a test of the channel ${channel}`,
    text: "Somebody typed `studio notify test`. Nothing is wrong.",
    hint: null,
    at,
    project,
    environment,
    host,
    recovered: null,
  };
}

function unknownChannel(name: string, names: readonly string[]): Error {
  const near = suggest(name, [...names]);
  const hint = near === undefined ? `There are: ${names.join(", ")}.` : `Did you mean ${near}?`;
  return usageError(`There is no channel "${name}".`, hint);
}
