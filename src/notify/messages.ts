import { existsSync } from "node:fs";
import { openLedger, openLedgerForReading } from "../ledger/ledger.ts";
import { type DeliveryOf, listDeliveries, reviveDeliveries } from "../ledger/notices.ts";
import { type Undelivered, deliverWaiting } from "./deliver.ts";
import type { Level, Message } from "./event.ts";
import type { NotifyPlace } from "./place.ts";

export interface ToldMessage {
  /** UTC. */
  at: string;
  level: Level;
  title: string;
  channel: string;
  state: "delivered" | "waiting" | "dead" | "limited";
  attempts: number;
  /** When it is tried next; null where it is not. */
  next: string | null;
  /** Why it did not arrive, as far as it did not. */
  reason: string | null;
}

/** What was told, the latest first. `open`: that alone which waits or was given up. */
export function listMessages(
  { environment, paths }: Pick<NotifyPlace, "environment" | "paths">,
  { open, limit }: { open: boolean; limit: number },
): ToldMessage[] {
  const ledger = openLedgerForReading(paths.ledger);
  try {
    if (ledger === null) return [];
    return listDeliveries<Message>(ledger, { environment, open, limit }).map(describe);
  } finally {
    ledger?.close();
  }
}

function describe({ notice, ...delivery }: DeliveryOf<Message>): ToldMessage {
  const { channel, outcome, attempts, dueAt, reason } = delivery;
  const { level, title, recovered } = notice.message;
  return {
    at: notice.at,
    level,
    title: recovered === null ? title : `${title} again`,
    channel,
    state: outcome ?? "waiting",
    attempts,
    next: outcome === null ? dueAt : null,
    reason,
  };
}

export interface Retried {
  /** How many were tried. */
  tried: number;
  undelivered: Undelivered[];
}

/** Tries at once what waits for later, and what was given up. */
export async function retryMessages(place: NotifyPlace): Promise<Retried> {
  if (!existsSync(place.paths.ledger)) return { tried: 0, undelivered: [] };
  const ledger = openLedger(place.paths.ledger);
  try {
    const tried = reviveDeliveries(ledger, place.environment, place.now());
    return { tried, undelivered: await deliverWaiting(place, ledger) };
  } finally {
    ledger.close();
  }
}
