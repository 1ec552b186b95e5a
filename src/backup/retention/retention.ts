import { usageError } from "../../errors.ts";
import type { SnapshotSummary } from "../summary.ts";

/** How many snapshots to keep of each kind; 0 for none. */
export interface Retention {
  /** The newest ones. */
  last: number;
  /** The newest one of each of that many hours that have any; likewise the others. In UTC. */
  hourly: number;
  daily: number;
  /** ISO 8601 weeks. */
  weekly: number;
  monthly: number;
  yearly: number;
  /** However old, never fewer than this. */
  floor: number;
  /** Snapshots with one of these tags always stay. */
  tags?: readonly string[] | undefined;
}

export interface RetentionChoice {
  snapshot: SnapshotSummary;
  /** Why it is kept: "last", "daily", "floor", "last verified"; empty when it is not. */
  reasons: string[];
}

type Candidate = Pick<
  SnapshotSummary,
  "id" | "created" | "set" | "environment" | "verification" | "tags"
>;

const buckets = {
  hourly: (created: string) => created.slice(0, 13),
  daily: (created: string) => created.slice(0, 10),
  weekly: isoWeek,
  monthly: (created: string) => created.slice(0, 7),
  yearly: (created: string) => created.slice(0, 4),
} as const;

/**
 * Says which snapshots a policy keeps, and why. Buckets of time that hold a snapshot are counted,
 * never the age: after a month without backups nothing more is given up than before it. Each set
 * of each environment is judged by itself, and its newest verified snapshot always stays. One from
 * the future, made while the clock was wrong, stays and counts for nothing: it would be the newest
 * for years, and each new snapshot would be given up at once.
 */
export function chooseRetained<S extends Candidate>(
  snapshots: readonly S[],
  retention: Retention,
  now: Date,
): { snapshot: S; reasons: string[] }[] {
  checkRetention(retention);
  const groups = Object.values(
    Object.groupBy(snapshots, ({ set, environment }) => JSON.stringify([environment, set])),
  );
  return groups.flatMap((group) => chooseOfGroup(group ?? [], retention, now));
}

function chooseOfGroup<S extends Candidate>(
  group: readonly S[],
  retention: Retention,
  now: Date,
): { snapshot: S; reasons: string[] }[] {
  const newestFirst = group.toSorted((a, b) => (orderOf(a) < orderOf(b) ? 1 : -1));
  const all = newestFirst.map((snapshot) => ({ snapshot, reasons: [] as string[] }));
  const isAhead = ({ snapshot }: { snapshot: S }): boolean =>
    Date.parse(snapshot.created) > now.getTime();
  for (const { snapshot, reasons } of all) {
    const kept = snapshot.tags.filter((tag) => retention.tags?.includes(tag) === true);
    reasons.push(...kept.map((tag) => `tag ${tag}`));
  }
  for (const one of all.filter(isAhead)) one.reasons.push("from the future");
  const choices = all.filter((one) => !isAhead(one));
  for (const { reasons } of choices.slice(0, retention.last)) reasons.push("last");
  for (const [name, bucketOf] of Object.entries(buckets)) {
    const limit = retention[name as keyof typeof buckets];
    const seen = new Set<string>();
    for (const { snapshot, reasons } of choices) {
      const bucket = bucketOf(snapshot.created);
      if (seen.has(bucket)) continue;
      if (seen.size >= limit) break;
      seen.add(bucket);
      reasons.push(name);
    }
  }
  choices.find(({ snapshot }) => snapshot.verification?.ok === true)?.reasons.push("last verified");
  addFloor(choices, retention.floor);
  return all;
}

/** Fills up with the newest ones that no other rule keeps. */
function addFloor(choices: { reasons: string[] }[], floor: number): void {
  let kept = choices.filter(({ reasons }) => reasons.length > 0).length;
  for (const { reasons } of choices) {
    if (kept >= floor) return;
    if (reasons.length > 0) continue;
    reasons.push("floor");
    kept += 1;
  }
}

function checkRetention({ tags: _tags, ...counts }: Retention): void {
  for (const [name, count] of Object.entries(counts)) {
    if (Number.isInteger(count) && count >= 0) continue;
    throw usageError(`The retention's "${name}" is ${count}; it has to be a whole number from 0.`);
  }
  if (Object.values(counts).some((count) => count > 0)) return;
  throw usageError(
    "The retention keeps nothing at all, so nothing is removed.",
    "Set at least one of backup.retention's last, hourly, daily, weekly, monthly, yearly, floor.",
  );
}

function orderOf({ created, id }: Candidate): string {
  return `${created} ${id}`;
}

/** The year and number of the ISO 8601 week: weeks belong to the year of their Thursday. */
function isoWeek(created: string): string {
  const date = new Date(`${created.slice(0, 10)}T00:00:00Z`);
  const weekday = (date.getUTCDay() + 6) % 7;
  date.setUTCDate(date.getUTCDate() - weekday + 3);
  const year = date.getUTCFullYear();
  const days = (date.getTime() - Date.UTC(year, 0, 1)) / 86_400_000;
  return `${year}-W${Math.floor(days / 7) + 1}`;
}
