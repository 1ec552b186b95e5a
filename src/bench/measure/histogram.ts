import { decodeNumbers, encodeNumbers, packNumbers, unpackNumbers } from "./number-text.ts";
import type { LatencySummary } from "./summary.ts";

/** Values below this many microseconds have a bucket each; above, 1024 buckets per doubling. */
const exactBelow = 2048;
const bucketsPerDoubling = exactBelow / 2;

/** The first number of the stored form. */
const textVersion = 1;

/**
 * A log-linear histogram of durations in microseconds with three significant figures, after
 * HdrHistogram (https://hdrhistogram.github.io/HdrHistogram/). Two of them merge without loss.
 * Node's own perf_hooks histogram has the same accuracy but cannot be written down and read
 * back, which a stored run needs. Only buckets that hold something take memory.
 */
export class Histogram {
  #counts: Map<number, number> | null = new Map();
  /** In the place of the counts: distances of buckets and their counts, in turns. */
  #packed: Uint8Array = new Uint8Array();
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** Adds one duration in microseconds; negative ones (a clock step) count as 0. */
  record(microseconds: number): void {
    const value = Math.max(0, Math.round(microseconds));
    this.#add(bucketOf(value), 1);
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  /** Adds all samples of the other histogram, exactly as if they had been recorded here. */
  merge(other: Histogram): void {
    for (const [bucket, count] of other.#entries()) this.#add(bucket, count);
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** Takes a tenth of the memory from now on; to record once more in it takes longer. */
  pack(): void {
    if (this.#counts === null) return;
    this.#packed = packNumbers(this.#distances());
    this.#counts = null;
  }

  #add(bucket: number, count: number): void {
    this.#counts ??= new Map(this.#entries());
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#count += count;
  }

  #entries(): Iterable<[bucket: number, count: number]> {
    return this.#counts ?? bucketsOf(unpackNumbers(this.#packed));
  }

  get count(): number {
    return this.#count;
  }

  /** Exact, in microseconds; 0 when empty, as are `min` and `max`. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  get min(): number {
    return this.#count === 0 ? 0 : this.#min;
  }

  get max(): number {
    return this.#max;
  }

  /**
   * The value in microseconds that a share `quantile` (0 to 1) of the samples does not exceed,
   * by nearest rank: within 0.05 % of the sample at that rank. 0 when empty.
   */
  percentile(quantile: number): number {
    return this.percentiles([quantile])[0] ?? 0;
  }

  /** The same for several quantiles in ascending order, in one walk over the buckets. */
  percentiles(quantiles: readonly number[]): number[] {
    const buckets = this.#sorted();
    let next = 0;
    let seen = 0;
    return quantiles.map((quantile) => {
      // The subtraction keeps 0.999 * 1000 = 999.0000000000001 from becoming rank 1000.
      const rank = Math.max(1, Math.ceil(quantile * this.#count - 1e-9));
      while (seen < rank && next < buckets.length) {
        seen += buckets[next]?.[1] ?? 0;
        next += 1;
      }
      const [bucket = 0] = buckets[next - 1] ?? [];
      return Math.min(this.#max, Math.max(this.min, middleOf(bucket)));
    });
  }

  #sorted(): [bucket: number, count: number][] {
    return [...this.#entries()].sort(([left], [right]) => left - right);
  }

  /** Of each bucket its distance from the one before, and its count. */
  #distances(): number[] {
    let before = 0;
    return this.#sorted().flatMap(([bucket, count]) => {
      const distance = bucket - before;
      before = bucket;
      return [distance, count];
    });
  }

  /** The stored form: base64 of what `number-text.ts` describes, a few bytes for each bucket. */
  toText(): string {
    return encodeNumbers([textVersion, this.#sum, this.min, this.#max, ...this.#distances()]);
  }

  /** @throws Error when the text is not one of `toText`. */
  static fromText(text: string): Histogram {
    const [version, sum = 0, min = 0, max = 0, ...pairs] = decodeNumbers(text);
    if (version !== textVersion || pairs.length % 2 !== 0) {
      throw new Error("A stored histogram is of another form, or damaged.");
    }
    const histogram = new Histogram();
    for (const [bucket, count] of bucketsOf(pairs)) histogram.#add(bucket, count);
    histogram.#sum = sum;
    histogram.#min = histogram.#count === 0 ? Number.POSITIVE_INFINITY : min;
    histogram.#max = max;
    return histogram;
  }
}

function* bucketsOf(distances: readonly number[]): Generator<[bucket: number, count: number]> {
  let bucket = 0;
  for (let index = 0; index < distances.length; index += 2) {
    bucket += distances[index] ?? 0;
    yield [bucket, distances[index + 1] ?? 0];
  }
}

/** The usual figures of a histogram of microseconds, in milliseconds; null when it is empty. */
export function summarizeLatency(histogram: Histogram): LatencySummary | null {
  if (histogram.count === 0) return null;
  const quantiles = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999];
  const figures = histogram.percentiles(quantiles).map((value) => value / 1000);
  const [p50 = 0, p75 = 0, p90 = 0, p95 = 0, p99 = 0, p999 = 0] = figures;
  const { count, mean, min, max } = histogram;
  return {
    count,
    p50,
    p75,
    p90,
    p95,
    p99,
    p999,
    mean: mean / 1000,
    min: min / 1000,
    max: max / 1000,
  };
}

function bucketOf(value: number): number {
  if (value < exactBelow) return value;
  const doublings = Math.floor(Math.log2(value)) - Math.log2(bucketsPerDoubling);
  return doublings * bucketsPerDoubling + Math.floor(value / 2 ** doublings);
}

/** The middle of a bucket: the value that stands for everything in it. */
function middleOf(index: number): number {
  if (index < exactBelow) return index;
  const doublings = Math.floor(index / bucketsPerDoubling) - 1;
  const width = 2 ** doublings;
  return (index - doublings * bucketsPerDoubling) * width + (width - 1) / 2;
}
