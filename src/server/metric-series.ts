/** What is said of a metric where it is read. */
export interface MetricHead {
  name: string;
  help: string;
  labelNames: readonly string[];
}

interface Value {
  metricName?: string;
  labels: Record<string, string>;
  value: number;
}

/** A metric as prom-client's registry reads it. */
export interface ReadMetric {
  name: string;
  help: string;
  type: "counter" | "histogram";
  values: Value[];
}

/**
 * A metric with a series for each set of label values that was asked for. prom-client's own looks the
 * labels up for each of a request's dozen figures; a series, once asked for, is an addition.
 */
abstract class Metric<Series> {
  protected readonly head: MetricHead;
  readonly #make: () => Series;
  readonly #all = new Map<string, { labels: Record<string, string>; series: Series }>();

  constructor(head: MetricHead, make: () => Series) {
    this.head = head;
    this.#make = make;
    if (head.labelNames.length === 0) this.of();
  }

  get name(): string {
    return this.head.name;
  }

  get labelNames(): readonly string[] {
    return this.head.labelNames;
  }

  /** @param values of the labels, in the order of their names */
  of(...values: string[]): Series {
    const key = values.join("\0");
    const known = this.#all.get(key);
    if (known !== undefined) return known.series;
    const { labelNames } = this.head;
    const labels = Object.fromEntries(labelNames.map((name, index) => [name, values[index] ?? ""]));
    const series = this.#make();
    this.#all.set(key, { labels, series });
    return series;
  }

  protected read(valuesOf: (series: Series, labels: Record<string, string>) => Value[]): Value[] {
    return [...this.#all.values()].flatMap(({ series, labels }) => valuesOf(series, labels));
  }
}

export class CounterSeries {
  value = 0;

  add(count = 1): void {
    this.value += count;
  }
}

/** A number that only grows, for each set of label values. */
export class Counter extends Metric<CounterSeries> {
  constructor(head: MetricHead) {
    super(head, () => new CounterSeries());
  }

  get(): ReadMetric {
    const { name, help } = this.head;
    const values = this.read(({ value }, labels) => [{ labels, value }]);
    return { name, help, type: "counter", values };
  }
}

export class HistogramSeries {
  readonly #bounds: readonly number[];
  /** How many values are in each bucket and in none before it; the last one has no bound. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
    (this.counts[bucket] as number) += 1;
    this.sum += value;
  }
}

/** How values are distributed over buckets, for each set of label values. */
export class Histogram extends Metric<HistogramSeries> {
  readonly #bounds: readonly number[];

  /** @param bounds upper ones, ascending, each part of its bucket */
  constructor(head: MetricHead, bounds: readonly number[]) {
    super(head, () => new HistogramSeries(bounds));
    this.#bounds = bounds;
  }

  get(): ReadMetric {
    const { name, help } = this.head;
    const values = this.read((series, labels) => {
      let count = 0;
      const buckets = [...this.#bounds, "+Inf"].map((bound, index): Value => {
        count += series.counts[index] as number;
        const place = { le: String(bound), ...labels };
        return { metricName: `${name}_bucket`, labels: place, value: count };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: series.sum },
        { metricName: `${name}_count`, labels, value: count },
      ];
    });
    return { name, help, type: "histogram", values };
  }
}
