import { StudioError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import {
  type DeliveryOf,
  claimDeliveries,
  countDelivered,
  endDelivery,
  postponeDelivery,
} from "../ledger/notices.ts";
import { ownIdentity } from "../shell/process-identity.ts";
import { attempt } from "./attempt.ts";
import { type Channel, type Sent, refused } from "./channels/channel.ts";
import { openChannel } from "./channels/open-channel.ts";
import type { Message } from "./event.ts";
import type { NotifyPlace } from "./place.ts";

export interface Undelivered {
  channel: string;
  title: string;
  reason: string;
  /** True where it is not tried again. */
  givenUp: boolean;
}

type Waiting = DeliveryOf<Message>;

/** Milliseconds that all deliveries of one run may take: somebody waits for it to end. */
const longestRun = 30_000;
/** Attempts after which a message is given up. */
const mostAttempts = 12;
/** Milliseconds until a later run tries again; twice as long each time. */
const firstPause = 60_000;
const longestPause = 6 * 3_600_000;
/** Messages that a channel is sent within an hour; only critical ones go beyond. */
const mostAnHour = 30;

/** Tries what waits, each channel on its own, so that one which hangs keeps no other waiting. */
export async function deliverWaiting(place: NotifyPlace, ledger: Ledger): Promise<Undelivered[]> {
  const { environment, now } = place;
  const claimed = claimDeliveries<Message>(ledger, {
    environment,
    now: now(),
    process: ownIdentity(),
  });
  const signal = AbortSignal.timeout(longestRun);
  const byChannel = Map.groupBy(claimed, ({ channel }) => channel);
  const results = await Promise.all(
    [...byChannel].map(async ([name, waiting]) => {
      const channel = await openNamed(place, name);
      const failures: Undelivered[] = [];
      for (const one of waiting) {
        const failure = await deliverOne({ place, ledger, signal }, channel, one);
        if (failure !== null) failures.push(failure);
      }
      return failures;
    }),
  );
  return results.flat();
}

/** A channel that cannot be opened refuses what it is sent: the reason goes where others go. */
export async function openNamed(place: NotifyPlace, name: string): Promise<Channel> {
  const settings = place.settings.channels[name];
  const { readSecret, now } = place;
  if (settings === undefined) {
    return { send: async () => refused("there is no such channel any more") };
  }
  try {
    const logFile = `${place.paths.logs}/notifications.log`;
    return await openChannel(settings, { logFile, readSecret, now });
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    const sent: Sent = { ok: false, reason: error.message, final: false, retryAfter: null };
    return { send: async () => sent };
  }
}

interface Run {
  place: NotifyPlace;
  ledger: Ledger;
  signal: AbortSignal;
}

async function deliverOne(
  { place, ledger, signal }: Run,
  channel: Channel,
  waiting: Waiting,
): Promise<Undelivered | null> {
  const { environment, now, sleep } = place;
  const { channel: name, notice, attempts: before } = waiting;
  const since = new Date(now().getTime() - 3_600_000);
  const count = countDelivered(ledger, { environment, channel: name, since });
  if (count >= mostAnHour && notice.message.level !== "critical") {
    const reason = `it was sent ${count} messages within an hour`;
    endDelivery(ledger, waiting, { outcome: "limited", attempts: before, at: now(), reason });
    return null;
  }
  const message = count === mostAnHour - 1 ? withLimit(notice.message) : notice.message;
  // One that failed in an earlier run is tried once, not to keep each run waiting.
  const tries = before === 0 ? 3 : 1;
  const { sent, attempts: more } = await attempt({ channel, message, tries, signal, sleep });
  const attempts = before + more;
  if (sent.ok) {
    endDelivery(ledger, waiting, { outcome: "delivered", attempts, at: now(), reason: null });
    return null;
  }
  const { reason } = sent;
  const givenUp = sent.final || attempts >= mostAttempts;
  if (givenUp) endDelivery(ledger, waiting, { outcome: "dead", attempts, at: now(), reason });
  else {
    const pause = Math.min(firstPause * 2 ** before, longestPause);
    const dueAt = new Date(now().getTime() + Math.max(pause, sent.retryAfter ?? 0));
    postponeDelivery(ledger, waiting, { dueAt, attempts, reason });
  }
  return { channel: name, title: notice.message.title, reason, givenUp };
}

const withLimit = (message: Message): Message => ({
  ...message,
  text: `${message.text} This is message ${mostAnHour} within an hour: others that are not critical are left out, and \`studio notify list\` has them.`,
});
