/** What was answered within the last 24 hours, or since the daemon began. Milliseconds. */
export interface DaySummary {
  /** How much of the 24 hours it knows. */
  covers: number;
  requests: number;
  /** Answers of 500 and above. */
  errors: number;
  /** Null without a request; percentiles are within 5 %. */
  average: number | null;
  p50: number | null;
  p95: number | null;
}

const day = 86_400_000;

/** The oldest quarter of an hour is forgotten at once: a day is up to so much longer. */
const slotLength = 900_000;
const slots = day / slotLength;

/** Each bucket ends 5 % above the one before; the first at 0.05 ms, the last beyond five minutes. */
const growth = Math.log(1.05);
const least = 0.05;
const buckets = 330;

interface Slot {
  /** Counted from the beginning. */
  number: number;
  requests: number;
  errors: number;
  sum: number;
  counts: Uint32Array;
}

/** Figures of a rolling day, in as much memory whatever comes. */
export class DayFigures {
  readonly #begun: number;
  readonly #slots: Slot[] = [];

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: number) {
    this.#begun = now;
  }

  add(milliseconds: number, failed: boolean, now: number): void {
    const slot = this.#slotAt(this.#numberAt(now));
    slot.requests += 1;
    slot.sum += milliseconds;
    if (failed) slot.errors += 1;
    const bucket = bucketOf(milliseconds);
    slot.counts[bucket] = (slot.counts[bucket] ?? 0) + 1;
  }

  summary(now: number): DaySummary {
    const newest = this.#numberAt(now);
    const counts = new Uint32Array(buckets);
    const total = { requests: 0, errors: 0, sum: 0 };
    for (const slot of this.#slots) {
      if (slot.number <= newest - slots - 1) continue;
      total.requests += slot.requests;
      total.errors += slot.errors;
      total.sum += slot.sum;
      for (let bucket = 0; bucket < buckets; bucket += 1) {
        counts[bucket] = (counts[bucket] ?? 0) + (slot.counts[bucket] ?? 0);
      }
    }
    const { requests, errors, sum } = total;
    return {
      covers: Math.min(day, Math.round(now - this.#begun)),
      requests,
      errors,
      average: requests === 0 ? null : sum / requests,
      p50: percentile(counts, requests, 0.5),
      p95: percentile(counts, requests, 0.95),
    };
  }

  #numberAt(now: number): number {
    return Math.floor((now - this.#begun) / slotLength);
  }

  #slotAt(number: number): Slot {
    const newest = this.#slots.at(-1);
    if (newest !== undefined && newest.number >= number) return newest;
    const slot = { number, requests: 0, errors: 0, sum: 0, counts: new Uint32Array(buckets) };
    this.#slots.push(slot);
    while ((this.#slots[0]?.number ?? number) < number - slots) this.#slots.shift();
    return slot;
  }
}

function bucketOf(milliseconds: number): number {
  if (milliseconds <= least) return 0;
  return Math.min(buckets - 1, Math.ceil(Math.log(milliseconds / least) / growth));
}

/** The nearest rank, told as the end of its bucket. */
function percentile(counts: Uint32Array, requests: number, share: number): number | null {
  if (requests === 0) return null;
  let left = Math.ceil(share * requests);
  const bucket = counts.findIndex((count) => (left -= count) <= 0);
  return least * Math.exp(growth * bucket);
}
