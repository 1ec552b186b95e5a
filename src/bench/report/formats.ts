import type { BenchReport } from "./bench-report.ts";
import { csvText } from "./csv.ts";
import { junitText } from "./junit.ts";
import { htmlPage } from "./page/page.ts";
import { prometheusText } from "./prometheus.ts";

/** What a report can be written as, for people and for other programs. */
export const reportFormats = ["html", "junit", "csv", "prometheus"] as const;
export type ReportFormat = (typeof reportFormats)[number];

const writers: Record<ReportFormat, (report: BenchReport) => string> = {
  html: htmlPage,
  junit: junitText,
  csv: csvText,
  prometheus: prometheusText,
};

export function writeReport(report: BenchReport, format: ReportFormat): string {
  return writers[format](report);
}
