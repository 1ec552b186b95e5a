import { type ProcessIdentity, isAlive } from "../shell/process-identity.ts";
import type { Ledger } from "./ledger.ts";

export interface Notice<Message = unknown> {
  /** Of the event that it tells. */
  id: string;
  environment: string;
  /** ISO 8601, UTC. */
  at: string;
  message: Message;
}

export type DeliveryOutcome =
  | "delivered"
  /** Given up: refused for good, or tried too often. */
  | "dead"
  /** Left out, because the channel was sent too much. */
  | "limited";

export interface Delivery {
  channel: string;
  attempts: number;
  /** When it is tried next, UTC. */
  dueAt: string;
  /** Null while it waits or is tried. */
  outcome: DeliveryOutcome | null;
  endedAt: string | null;
  /** Why the last attempt failed. */
  reason: string | null;
}

export type DeliveryOf<Message> = Delivery & { notice: Notice<Message> };

interface StoredDelivery {
  id: string;
  environment: string;
  at: string;
  message: string;
  channel: string;
  attempts: number;
  due_at: string;
  process: string | null;
  outcome: DeliveryOutcome | null;
  ended_at: string | null;
  reason: string | null;
}

const joined = "SELECT * FROM deliveries JOIN notices ON notices.id = deliveries.notice";

/** @returns false where the event was noticed before: then nothing is written */
export function insertNotice(ledger: Ledger, notice: Notice, channels: readonly string[]): boolean {
  const { changes } = ledger
    .prepare("INSERT OR IGNORE INTO notices (id, environment, at, message) VALUES (?, ?, ?, ?)")
    .run(notice.id, notice.environment, notice.at, JSON.stringify(notice.message));
  if (changes === 0) return false;
  const statement = ledger.prepare(
    "INSERT INTO deliveries (notice, channel, attempts, due_at) VALUES (?, ?, 0, ?)",
  );
  for (const channel of channels) statement.run(notice.id, channel, notice.at);
  return true;
}

export function isNoticed(ledger: Ledger, id: string): boolean {
  return ledger.prepare("SELECT 1 FROM notices WHERE id = ?").get(id) !== undefined;
}

/**
 * What is to be delivered now, oldest first. It is this process's until `endDelivery` or
 * `postponeDelivery`; that of a process which died is anybody's.
 */
export function claimDeliveries<Message>(
  ledger: Ledger,
  { environment, now, process }: { environment: string; now: Date; process: ProcessIdentity },
): DeliveryOf<Message>[] {
  const claim = ledger.prepare(
    "UPDATE deliveries SET process = ? WHERE notice = ? AND channel = ?",
  );
  return ledger
    .transaction(() => {
      const waiting = ledger
        .prepare<[string, string], StoredDelivery>(
          `${joined} WHERE environment = ? AND outcome IS NULL AND due_at <= ? ORDER BY at, notice`,
        )
        .all(environment, now.toISOString())
        .filter((row) => row.process === null || !isAlive(JSON.parse(row.process)));
      for (const { id, channel } of waiting) claim.run(JSON.stringify(process), id, channel);
      return waiting.map((row) => fromStored<Message>(row));
    })
    .immediate();
}

interface DeliveryKey {
  notice: Pick<Notice, "id">;
  channel: string;
}

export function endDelivery(
  ledger: Ledger,
  { notice, channel }: DeliveryKey,
  end: { outcome: DeliveryOutcome; attempts: number; at: Date; reason: string | null },
): void {
  ledger
    .prepare(
      `UPDATE deliveries SET outcome = ?, attempts = ?, ended_at = ?, reason = ?, process = NULL
       WHERE notice = ? AND channel = ?`,
    )
    .run(end.outcome, end.attempts, end.at.toISOString(), end.reason, notice.id, channel);
}

export function postponeDelivery(
  ledger: Ledger,
  { notice, channel }: DeliveryKey,
  next: { dueAt: Date; attempts: number; reason: string | null },
): void {
  ledger
    .prepare(
      `UPDATE deliveries SET due_at = ?, attempts = ?, reason = ?, process = NULL
       WHERE notice = ? AND channel = ?`,
    )
    .run(next.dueAt.toISOString(), next.attempts, next.reason, notice.id, channel);
}

/** Lets what was given up, or waits for later, be tried at once. @returns how many those are */
export function reviveDeliveries(ledger: Ledger, environment: string, now: Date): number {
  const { changes } = ledger
    .prepare(
      `UPDATE deliveries SET outcome = NULL, ended_at = NULL, attempts = 0, due_at = ?
       WHERE (outcome IS NULL OR outcome = 'dead')
         AND notice IN (SELECT id FROM notices WHERE environment = ?)`,
    )
    .run(now.toISOString(), environment);
  return changes;
}

/** How many messages of an environment went through a channel since then. */
export function countDelivered(
  ledger: Ledger,
  { environment, channel, since }: { environment: string; channel: string; since: Date },
): number {
  const count = ledger
    .prepare<[string, string, string], number>(
      `SELECT count(*) FROM deliveries JOIN notices ON notices.id = deliveries.notice
       WHERE environment = ? AND channel = ? AND outcome = 'delivered' AND ended_at >= ?`,
    )
    .pluck()
    .get(environment, channel, since.toISOString());
  return count ?? 0;
}

/** The latest first. `open`: those alone that wait or were given up. */
export function listDeliveries<Message>(
  ledger: Ledger,
  { environment, open, limit }: { environment: string; open: boolean; limit: number },
): DeliveryOf<Message>[] {
  return ledger
    .prepare<[string, number, number], StoredDelivery>(
      `${joined} WHERE environment = ? AND (? = 0 OR outcome IS NULL OR outcome = 'dead')
       ORDER BY at DESC, notice DESC, channel LIMIT ?`,
    )
    .all(environment, Number(open), limit)
    .map((row) => fromStored<Message>(row));
}

function fromStored<Message>(row: StoredDelivery): DeliveryOf<Message> {
  const { id, environment, at } = row;
  return {
    notice: { id, environment, at, message: JSON.parse(row.message) as Message },
    channel: row.channel,
    attempts: row.attempts,
    dueAt: row.due_at,
    outcome: row.outcome,
    endedAt: row.ended_at,
    reason: row.reason,
  };
}
