import type { BenchReport } from "./bench-report.ts";

const columns = [
  "second,scheduled,ok,failed,dropped,unfinished,p50_ms,p95_ms,p99_ms,max_ms",
] as const;

/** The run over time: one line for each piece of it (RFC 4180, no field needs quotes). */
export function csvText({ summary }: Pick<BenchReport, "summary">): string {
  const lines = summary.slots.map(({ at, requests, p50, p95, p99, max }) => {
    const { scheduled, ok, failed, dropped, unfinished } = requests;
    const times = [p50, p95, p99, max].map((time) => time ?? "");
    return [at / 1000, scheduled, ok, failed, dropped, unfinished, ...times].join(",");
  });
  return [...columns, ...lines].map((line) => `${line}\r\n`).join("");
}
