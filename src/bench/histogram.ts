import type { LatencySummary } from "./summary.ts";

/** Values below this many microseconds have a bucket each; above, 1024 buckets per doubling. */
const exactBelow = 2048;
const bucketsPerDoubling = exactBelow / 2;

/** The stored form: buckets as [index, count], only those that hold something. */
export interface HistogramJson {
  version: 1;
  unit: "us";
  sum: number;
  min: number;
  max: number;
  buckets: [index: number, count: number][];
}

/**
 * A log-linear histogram of durations in microseconds with three significant figures, after
 * HdrHistogram (https://hdrhistogram.github.io/HdrHistogram/). Two of them merge without loss.
 * Node's own perf_hooks histogram has the same accuracy but cannot be written down and read
 * back, which a stored run needs.
 */
export class Histogram {
  #counts: number[] = [];
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** Adds one duration in microseconds; negative ones (a clock step) count as 0. */
  record(microseconds: number): void {
    const value = Math.max(0, Math.round(microseconds));
    const index = bucketOf(value);
    // A hole in the array would turn it into a slow, sparse one.
    while (this.#counts.length <= index) this.#counts.push(0);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count += 1;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  /** Adds all samples of the other histogram, exactly as if they had been recorded here. */
  merge(other: Histogram): void {
    other.#counts.forEach((count, index) => {
      while (this.#counts.length <= index) this.#counts.push(0);
      this.#counts[index] = (this.#counts[index] ?? 0) + count;
    });
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
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
    // The subtraction keeps 0.999 * 1000 = 999.0000000000001 from becoming rank 1000.
    const rank = Math.max(1, Math.ceil(quantile * this.#count - 1e-9));
    let seen = 0;
    for (const [index, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= rank) return Math.min(this.#max, Math.max(this.#min, middleOf(index)));
    }
    return 0;
  }

  toJSON(): HistogramJson {
    const buckets = [...this.#counts.entries()].filter(([, count]) => count > 0);
    return { version: 1, unit: "us", sum: this.#sum, min: this.min, max: this.#max, buckets };
  }

  static fromJSON(json: HistogramJson): Histogram {
    const histogram = new Histogram();
    for (const [index, count] of json.buckets) {
      while (histogram.#counts.length <= index) histogram.#counts.push(0);
      histogram.#counts[index] = count;
      histogram.#count += count;
    }
    histogram.#sum = json.sum;
    histogram.#min = histogram.#count === 0 ? Number.POSITIVE_INFINITY : json.min;
    histogram.#max = json.max;
    return histogram;
  }
}

/** The usual figures of a histogram of microseconds, in milliseconds; null when it is empty. */
export function summarizeLatency(histogram: Histogram): LatencySummary | null {
  if (histogram.count === 0) return null;
  const percentile = (quantile: number) => histogram.percentile(quantile) / 1000;
  return {
    count: histogram.count,
    p50: percentile(0.5),
    p75: percentile(0.75),
    p90: percentile(0.9),
    p95: percentile(0.95),
    p99: percentile(0.99),
    p999: percentile(0.999),
    mean: histogram.mean / 1000,
    min: histogram.min / 1000,
    max: histogram.max / 1000,
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
