import { describe, expect, test } from "vitest";
import { writeReport } from "../../../../src/bench/report/formats.ts";
import { markdownText } from "../../../../src/bench/report/markdown.ts";
import { percentileCurve, wholeHistogram } from "../../../../src/bench/report/series.ts";
import { sampleReport } from "./sample-report.ts";

const invalid = { ...sampleReport().generator, valid: false, reasons: ["It stood still."] };

describe("the page", () => {
  const page = writeReport(sampleReport(), "html");

  test("names nothing that a browser would fetch, and runs no script", () => {
    expect(page).not.toMatch(/<(script|img|iframe|object|embed|audio|video|a)\b/i);
    expect(page).not.toMatch(/@import|url\(|\ssrc=|srcset=/i);
    expect(page.match(/href="[^"]*"/g)).toEqual(['href="data:,"']);
    expect(page).toContain("default-src 'none'");
  });

  test("draws latency, percentiles, rate and errors, each with words for it", () => {
    const labels = [...page.matchAll(/aria-label="([^"]+)"/g)].map(([, label]) => label);
    const titles = labels.map((label) => label?.split(":")[0]);
    expect(titles).toEqual(["Latency over time", "Percentiles", "Rate", "Errors"]);
    for (const [, path] of page.matchAll(/<path class="line-\d" d="([^"]*)"/g)) {
      expect(path).toMatch(/^(M[\d. ]+(L[\d. ]+|h0\.01)*)+(H21)?$/);
    }
  });

  test("leaves a gap where nothing was measured", () => {
    const [, path = ""] =
      /<svg[^>]*aria-label="Latency.*?<path class="line-1" d="([^"]*)"/s.exec(page) ?? [];
    expect(path.match(/M/g)).toHaveLength(2);
    expect(path.match(/[ML]/g)).toHaveLength(9);
  });

  test("shows foreign text as text", () => {
    expect(page).toContain("GET /&lt;script&gt;");
    expect(page).toContain("?a=1&amp;b=&lt;2&gt;");
  });

  test("says the verdict, or that there is none", () => {
    expect(page).toContain("Not passed.</b> Missed: errors&lt;0.1%");
    const doubtful = writeReport(sampleReport({ generator: invalid }), "html");
    expect(doubtful).toContain("Invalid.</b> It stood still.");
  });

  test("can be drawn of a run that measured nothing", () => {
    const { summary } = sampleReport();
    const empty = sampleReport({
      summary: { ...summary, latency: null, service: null, slots: [], tags: {} },
      histograms: { tags: {}, sendLag: "" },
      reachable: false,
    });
    expect(writeReport(empty, "html")).toContain("nothing was measured");
  });
});

test("the test cases of a run that is invalid hold an error beside the failures", () => {
  const text = writeReport(sampleReport({ generator: invalid }), "junit");
  expect(text).toContain('tests="3" failures="1" errors="1"');
  expect(text).toContain('<error message="It stood still."/>');
  expect(text).toContain('name="errors&lt;0.1%"');
  expect(text.match(/<testcase/g)).toHaveLength(3);
});

test("the run over time has a line for each second", () => {
  const lines = writeReport(sampleReport(), "csv").split("\r\n");
  expect(lines).toHaveLength(12);
  expect(lines[1]).toBe("0,101,100,1,0,0,1,1,1,1");
  expect(lines[5]).toBe("4,101,100,1,0,0,,,,");
});

test("the figures for Prometheus are in base units, each with help and type", () => {
  const text = writeReport(sampleReport(), "prometheus");
  const own = 'environment="local",scenario="sample"';
  expect(text).toContain(`studio_bench_latency_seconds{${own},quantile="0.95"} 0.095`);
  expect(text).toContain(`studio_bench_latency_seconds_count{${own}} 1000`);
  expect(text).toContain(`studio_bench_requests{${own},outcome="dropped"} 3`);
  const names = new Set([...text.matchAll(/^(\w+?)(_count|_sum)?\{/gm)].map(([, name]) => name));
  for (const name of names) expect(text).toMatch(new RegExp(`# HELP ${name} .+\n# TYPE ${name} `));
});

test("a percentile curve rises from the fastest request to the slowest", () => {
  const curve = percentileCurve(wholeHistogram(sampleReport(), "response"));
  expect(curve[0]).toEqual({ quantile: 0, latency: 1 });
  expect(curve.at(-1)?.latency).toBeCloseTo(100, 0);
  const latencies = curve.map(({ latency }) => latency);
  expect(latencies).toEqual(latencies.toSorted((one, other) => one - other));
});

test("the summary of a CI job says how a run ended, with foreign text as text", () => {
  const text = markdownText(sampleReport(), null);
  expect(text).toContain("### Load test sample: not passed");
  expect(text).toContain("- **missed**: errors\\<0.1% (was 0.596%)");
  expect(text).toContain("\\<2\\>");
  expect(markdownText(sampleReport({ generator: invalid }), null)).toContain(
    "invalid: It stood still.",
  );
  expect(markdownText(sampleReport({ aborted: "errors<5%" }), null)).toContain("ended early");
});
