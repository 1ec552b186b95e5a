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

/** The series of one metric: one for each set of label values that was asked for. */
class SeriesByLabels<Series> {
  readonly #names: readonly string[];
  readonly #make: () => Series;
  readonly #all = new Map<string, { labels: Record<string, string>; series: Series }>();

  constructor(names: readonly string[], make: () => Series) {
    this.#names = names;
    this.#make = make;
    if (names.length === 0) this.of([]);
  }

  of(values: readonly string[]): Series {
    const key = values.join("\0");
    const known = this.#all.get(key);
    if (known !== undefined) return known.series;
    const labels = Object.fromEntries(
      this.#names.map((name, index) => [name, values[index] ?? ""]),
    );
    const series = this.#make();
    this.#all.set(key, { labels, series });
    return series;
  }

  read(valuesOf: (series: Series, labels: Record<string, string>) => Value[]): Value[] {
    return [...this.#all.values()].flatMap(({ series, labels }) => valuesOf(series, labels));
  }
}

export class CounterSeries {
  value = 0;

  add(count = 1): void {
    this.value += count;
  }
}

/**
 * A number that only grows, for each set of label values. prom-client's own looks the labels up for
 * each of a request's dozen figures; a series, once asked for, is an addition.
 */
export class Counter {
  readonly #head: MetricHead;
  readonly #series: SeriesByLabels<CounterSeries>;

  constructor(head: MetricHead) {
    this.#head = head;
    this.#series = new SeriesByLabels(head.labelNames, () => new CounterSeries());
  }

  get name(): string {
    return this.#head.name;
  }

  get labelNames(): readonly string[] {
    return this.#head.labelNames;
  }

  /** @param values of the labels, in the order of their names */
  of(...values: string[]): CounterSeries {
    return this.#series.of(values);
  }

  get(): ReadMetric {
    const { name, help } = this.#head;
    const values = this.#series.read(({ value }, labels) => [{ labels, value }]);
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
export class Histogram {
  readonly #head: MetricHead;
  readonly #bounds: readonly number[];
  readonly #series: SeriesByLabels<HistogramSeries>;

  /** @param bounds upper ones, ascending, each part of its bucket */
  constructor(head: MetricHead, bounds: readonly number[]) {
    this.#head = head;
    this.#bounds = bounds;
    this.#series = new SeriesByLabels(head.labelNames, () => new HistogramSeries(bounds));
  }

  get name(): string {
    return this.#head.name;
  }

  get labelNames(): readonly string[] {
    return this.#head.labelNames;
  }

  /** @param values of the labels, in the order of their names */
  of(...values: string[]): HistogramSeries {
    return this.#series.of(values);
  }

  get(): ReadMetric {
    const { name, help } = this.#head;
    const values = this.#series.read((series, labels) => {
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
