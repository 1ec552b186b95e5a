import type { BenchModel } from "./models.ts";
import type { Figures } from "./subjects.ts";

/** One subject's figures of one model, a set from each round. */
export interface Row {
  model: string;
  subject: string;
  figures: Figures[];
}

/** The daemon that computes on as many processors as FastAPI does. */
export const besideFastapi = "studio, all cores";

export interface Target {
  name: string;
  /** Null where what it is compared with was not measured. */
  value: number | null;
  /** The bound, and on which side of it the value has to be. */
  bound: number;
  side: "at least" | "at most";
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}

/** What is asked of the daemon with this model. */
export function targetsOf(model: BenchModel, rows: readonly Row[]): Target[] {
  const of = (subject: string, pick: (one: Figures) => number): number =>
    median(rows.find((row) => row.subject === subject)?.figures.map(pick) ?? []);
  const rate = (subject: string): number => of(subject, ({ items }) => items);
  const health = (subject: string): number => of(subject, ({ health: p99 }) => p99);
  const steady = (subject: string): number => of(`${subject} at one rate`, ({ p99 }) => p99);
  const all: [string, number, number | null, Target["side"]?][] = [
    ["items a second, of the bare session", rate("studio") / rate("raw"), model.ofRaw],
    ["requests a second, of a bare hello", rate("studio") / rate("hello"), model.ofHello],
    ["items a second, of an evening's", rate("studio") / rate("evening"), model.ofEvening],
    ["requests a second, of FastAPI's", rate(besideFastapi) / rate("fastapi"), model.ofFastapi],
    [
      "p99 at one rate, of FastAPI's",
      steady("studio") / steady("fastapi"),
      model.ofFastapi === null ? null : 0.5,
      "at most",
    ],
    ["/health p99 while saturated, ms", health("studio"), model.health ? 10 : null, "at most"],
    [
      "/health p99 of an evening's, of the daemon's",
      health("evening") / health("studio"),
      model.health ? 10 : null,
    ],
    ["worker hop at one client, us", of("hop", ({ p50 }) => p50 * 1000), model.hop, "at most"],
  ];
  return all.flatMap(([name, value, bound, side = "at least"]) =>
    bound === null ? [] : [{ name, value: Number.isNaN(value) ? null : value, bound, side }],
  );
}

export function isMet({ value, bound, side }: Target): boolean {
  if (value === null) return false;
  return side === "at least" ? value >= bound : value <= bound;
}
