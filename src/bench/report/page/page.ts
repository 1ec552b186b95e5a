import type { LatencySummary } from "../../measure/summary.ts";
import type { BenchReport } from "../bench-report.ts";
import { escapeMarkup } from "../markup.ts";
import { drawCharts } from "./charts.ts";
import { pageStyle } from "./style.ts";
import { htmlTable, number } from "./table.ts";

/**
 * The report of a run as one HTML file: it holds all that it shows, runs no script and asks nobody
 * for anything, as its own policy makes sure.
 */
export function htmlPage(report: BenchReport): string {
  const { summary, id, url, environment } = report;
  const title = `${summary.scenario}, ${summary.startedAt}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escapeMarkup(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<h1>Load test ${escapeMarkup(summary.scenario)}</h1>
<p class="sub">${escapeMarkup(`${url} · ${environment} · ${summary.startedAt} · run ${id}`)}</p>
${verdictLine(report)}
<h2>Figures</h2>
<div class="tiles">${tiles(report).map(tile).join("")}</div>
<h2>Charts</h2>
<div class="charts">${drawCharts(report).join("\n")}</div>
${tables(report).join("\n")}
</body>
</html>
`;
}

function verdictLine({ generator, verdicts, reachable, summary, aborted }: BenchReport): string {
  const line = (tone: string, word: string, more: string) =>
    `<p class="verdict ${tone}"><b>${word}</b> ${escapeMarkup(more)}</p>`;
  if (!reachable) return line("bad", "Not reachable.", "The target gave not a single answer.");
  if (!generator.valid) return line("bad", "Invalid.", generator.reasons.join(" "));
  if (aborted !== null) return line("bad", "Ended early.", `Missed: ${aborted}`);
  if (summary.interrupted) return line("bad", "Interrupted.", "The figures cover a part only.");
  const missed = verdicts.filter((verdict) => !verdict.passed).map(({ text }) => text);
  if (missed.length > 0) return line("bad", "Not passed.", `Missed: ${missed.join(", ")}`);
  return line("good", "Passed.", verdicts.length === 0 ? "There were no thresholds." : "");
}

function tiles({ summary }: BenchReport): (readonly [name: string, value: string])[] {
  const { requests, latency, rate, errorRate } = summary;
  const { p50, p95, p99 } = latency ?? {};
  const time = (value: number | undefined) =>
    value === undefined ? "none" : `${number(value)} ms`;
  return [
    ["p50", time(p50)],
    ["p95", time(p95)],
    ["p99", time(p99)],
    ["answered as expected, a second", number(rate)],
    ["errors", `${number(errorRate * 100)} %`],
    ["requests", String(requests.scheduled)],
  ];
}

function tile([name, value]: readonly [string, string]): string {
  return `<div><b>${escapeMarkup(value)}</b><span>${escapeMarkup(name)}</span></div>`;
}

function tables(report: BenchReport): string[] {
  const { summary, verdicts, generator, fingerprint } = report;
  const { scheduled, ok, failed, dropped, unfinished } = summary.requests;
  const conservation = `${scheduled} = ${ok} ok + ${failed} failed + ${dropped} dropped + ${unfinished} unfinished`;
  return [
    htmlTable(
      "Thresholds",
      ["threshold", ">was", ""],
      verdicts.map((one) => [
        one.text,
        one.actual === null ? "nothing measured" : number(one.actual),
        one.passed ? "met" : "missed",
      ]),
    ),
    htmlTable(
      "Requests",
      ["request", ">ok", ">failed", ">p50 ms", ">p95 ms", ">p99 ms"],
      Object.entries(summary.tags).map(([name, { requests, latency }]) => [
        name,
        String(requests.ok),
        String(requests.failed),
        ...times(latency),
      ]),
    ),
    htmlTable(
      "Failures",
      ["reason", ">times"],
      Object.entries(summary.errors).map(([reason, times]) => [reason, String(times)]),
    ),
    htmlTable(
      "The run itself",
      ["", ""],
      [
        ["scheduled", conservation],
        ["load", loadOf(summary)],
        ["measured", `${number(summary.durationMs / 1000)} s`],
        [
          "sent late, p99",
          generator.sendLag === null ? "no schedule" : `${number(generator.sendLag.p99)} ms`,
        ],
        ["generator stood still", `${number(generator.eventLoopDelay.max)} ms at most`],
        ["machine", `${fingerprint.processor}, ${fingerprint.cores} cores, ${fingerprint.system}`],
        ["studio, Node.js", `${report.studio}, ${fingerprint.node}`],
      ],
    ),
  ];
}

function times(latency: LatencySummary | null): string[] {
  if (latency === null) return ["", "", ""];
  return [latency.p50, latency.p95, latency.p99].map(number);
}

function loadOf({ model, users, workers }: BenchReport["summary"]): string {
  return model === "closed" ? `${users} users` : `a rate, from ${workers} threads`;
}
