import { suggest } from "../../config/suggest.ts";
import { exitCodes, StudioError } from "../../errors.ts";
import type { Figures, LatencySummary } from "../measure/summary.ts";

const latencyMetrics = ["p50", "p75", "p90", "p95", "p99", "p999", "mean", "min", "max"] as const;
const metrics = [...latencyMetrics, "errors", "rate", "checks"] as const;
const operators = ["<", "<=", ">", ">="] as const;
const millisecondsPer: Record<string, number> = { us: 0.001, ms: 1, s: 1000 };

export type Metric = (typeof metrics)[number];
export type Operator = (typeof operators)[number];

/** A limit on one figure of a run. */
export interface Threshold {
  /** As it is written: `p95<500ms`, or `p95{login}<500ms` for the requests of one tag. */
  text: string;
  /** Null: the whole run. */
  tag: string | null;
  metric: Metric;
  operator: Operator;
  /** Milliseconds for latency, percent for errors and checks, per second for rate. */
  limit: number;
}

export interface Verdict {
  text: string;
  metric: Metric;
  /** In the same unit as `actual`: see Threshold. */
  limit: number;
  /** Null when the run has nothing to measure it by; such a threshold is not met. */
  actual: number | null;
  passed: boolean;
}

const form = /^([^<>={}\s]+)(?:\{([^{}<>=]+)\})?\s*(<=|>=|<|>)\s*([\d.]*)\s*(.*)$/;

/**
 * Reads a threshold: `p95<500ms`, `errors<1%`, `rate>100`, `checks>99%`; `p95{login}<1s` is of the
 * requests with one tag.
 *
 * @throws StudioError (exit 2) that names what is not understood and suggests what may be meant:
 *   a threshold with a slip of the pen must not pass silently.
 */
export function parseThreshold(text: string): Threshold {
  const match = form.exec(text.trim());
  if (match === null) {
    throw refuse(text, "it is not of the form metric, operator (< <= > >=), limit", "p95<500ms");
  }
  const [, writtenName = "", tag = null, operator = "", figure = "", writtenUnit = ""] = match;
  const name = writtenName.toLowerCase();
  const unit = writtenUnit.toLowerCase().replace(/^[\u00b5\u03bc]/, "u");
  const metric = metrics.find((known) => known === name.replace("p99.9", "p999"));
  if (metric === undefined) {
    const meant = metrics.find((known) => known === suggest(name, metrics));
    const corrected = `${meant}${operator}${figure}${unit}`;
    const usable = meant !== undefined && isThreshold(corrected);
    const suggestion = usable ? corrected : exampleOf(meant ?? "p95");
    throw refuse(text, `"${name}" is not one of the metrics ${metrics.join(", ")}`, suggestion);
  }
  if (!/^\d+(\.\d+)?$/.test(figure)) {
    throw refuse(text, `"${figure}${unit}" is not a number`, exampleOf(metric));
  }
  const limit = limitOf({ text, metric, figure, unit, operator });
  const written = `${metric}${tag === null ? "" : `{${tag}}`}${operator}${figure}${unit}`;
  return { text: written, tag, metric, operator: operator as Operator, limit };
}

function isThreshold(text: string): boolean {
  try {
    return parseThreshold(text) !== undefined;
  } catch {
    return false;
  }
}

/** Compares each threshold with the run; one without a figure to compare is not met. */
export function judge(
  thresholds: readonly Threshold[],
  summary: Figures & { tags?: Readonly<Record<string, Figures>> },
): Verdict[] {
  return thresholds.map(({ text, tag, metric, operator, limit }) => {
    const figures = tag === null ? summary : summary.tags?.[tag];
    const actual = figures === undefined ? null : figureOf(metric, figures);
    const passed = actual !== null && holds(actual, operator, limit);
    return { text, metric, limit, actual, passed };
  });
}

/** A verdict for people: the threshold, and the figure it was compared with. */
export function describeVerdict({ text, metric, actual }: Verdict): string {
  if (actual === null) return `${text} (nothing was measured)`;
  const figure = Number(actual.toPrecision(3));
  if (metric === "rate") return `${text} (was ${figure} a second)`;
  return `${text} (was ${figure}${metric === "errors" || metric === "checks" ? "%" : "ms"})`;
}

function figureOf(metric: Metric, summary: Figures): number | null {
  const { requests, checks } = summary;
  if (requests.ok + requests.failed === 0) return null;
  if (metric === "errors") return summary.errorRate * 100;
  if (metric === "rate") return summary.rate;
  if (metric === "checks") {
    const answers = checks.passed + checks.failed;
    return answers === 0 ? null : (checks.passed / answers) * 100;
  }
  return summary.latency === null ? null : latencyFigure(summary.latency, metric);
}

function latencyFigure(latency: LatencySummary, metric: (typeof latencyMetrics)[number]): number {
  return latency[metric];
}

function holds(actual: number, operator: Operator, limit: number): boolean {
  if (actual === limit) return operator.endsWith("=");
  return operator.startsWith("<") ? actual < limit : actual > limit;
}

interface Written {
  text: string;
  metric: Metric;
  operator: string;
  figure: string;
  unit: string;
}

function limitOf({ text, metric, operator, figure, unit }: Written): number {
  const start = `${metric}${operator}${figure}`;
  if (metric === "rate") {
    if (unit === "" || unit === "/s") return Number(figure);
    throw refuse(text, `"${unit}" is no unit of a rate, which is per second`, start);
  }
  if (metric === "errors" || metric === "checks") {
    if (unit !== "%") throw refuse(text, "a share is given in percent", `${start}%`);
    if (Number(figure) <= 100) return Number(figure);
    throw refuse(text, "a share is at most 100%", exampleOf(metric));
  }
  const factor = millisecondsPer[unit];
  if (factor !== undefined) return Number(figure) * factor;
  if (unit === "") throw refuse(text, "the unit is missing (us, ms or s)", `${start}ms`);
  const meant = suggest(unit, ["ms", "us", "s"]) ?? "ms";
  throw refuse(text, `"${unit}" is not a unit of time (us, ms or s)`, `${start}${meant}`);
}

function exampleOf(metric: Metric): string {
  if (metric === "errors") return "errors<1%";
  if (metric === "checks") return "checks>99%";
  return metric === "rate" ? "rate>100" : `${metric}<500ms`;
}

function refuse(text: string, problem: string, suggestion: string): StudioError {
  return new StudioError({
    code: "bench.threshold",
    message: `The threshold "${text}" is not understood: ${problem}.`,
    hint: `Did you mean "${suggestion}"?`,
    exitCode: exitCodes.usage,
    details: { threshold: text, suggestion },
  });
}
