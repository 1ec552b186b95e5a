import type { CheckedJob } from "./check.ts";

/**
 * The figures of all jobs in the text format of Prometheus; a job that never ran is there with 0.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function metricsText(environment: string, jobs: readonly CheckedJob[]): string {
  const metric = (name: string, help: string, value: (job: CheckedJob) => number) =>
    [
      `# HELP studio_job_${name} ${help}`,
      `# TYPE studio_job_${name} gauge`,
      ...jobs.map(
        (job) => `studio_job_${name}{environment="${environment}",job="${job.job}"} ${value(job)}`,
      ),
    ].join("\n");
  const texts = [
    metric("last_success_timestamp_seconds", "When the job last succeeded, 0 for never.", (job) =>
      seconds(job.lastSuccess),
    ),
    metric("next_timestamp_seconds", "When the job is due next, 0 for never.", (job) =>
      seconds(job.next),
    ),
    metric(
      "last_duration_seconds",
      "How long the last run took.",
      (job) => (job.lastDuration ?? 0) / 1000,
    ),
    metric("last_exit_code", "How the last run ended.", (job) => job.lastExitCode ?? 0),
    metric("overdue", "1 where the job was due and nothing ran it.", (job) =>
      Number(job.health === "overdue"),
    ),
    metric("failing", "1 where the last run did not succeed.", (job) =>
      Number(job.health === "failing"),
    ),
    metric("installed", "1 where something is there to run the job.", (job) =>
      Number(job.health !== "not installed"),
    ),
    metric("paused", "1 where the job is paused.", (job) => Number(job.health === "paused")),
  ];
  return jobs.length === 0 ? "" : `${texts.join("\n")}\n`;
}

const seconds = (time: string | null): number => (time === null ? 0 : Date.parse(time) / 1000);
