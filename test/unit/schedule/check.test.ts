import { describe, expect, test } from "vitest";
import { finishJobRun } from "../../../src/ledger/job-runs.ts";
import { expectJobs } from "../../../src/ledger/job-states.ts";
import { openLedger } from "../../../src/ledger/ledger.ts";
import { checkJobs } from "../../../src/schedule/check.ts";
import { claimDue } from "../../../src/schedule/execute/claim.ts";
import { findJob } from "../../../src/schedule/jobs.ts";
import { metricsText } from "../../../src/schedule/metrics-text.ts";
import { pause } from "../../../src/schedule/pause.ts";
import { placeWith } from "../../support/schedule-place.ts";

const time = (clock: string) => new Date(`2026-11-22T${clock}Z`);

/** An hourly job, set up at 00:30, with what a test says of it. */
function scene() {
  const place = placeWith({ job: { cron: "0 * * * *", shell: "true" } });
  const ledger = openLedger(place.paths.ledger);
  const claimAt = (clock: string) => {
    const job = findJob(place.jobs, "job");
    const input = { environment: "local", job, trigger: "crontab" as const, now: time(clock) };
    return claimDue(ledger, input);
  };
  return {
    place,
    setUp: () => expectJobs(ledger, "local", ["job"], time("00:30:00")),
    runAt: (clock: string, outcome: "succeeded" | "failed", exitCode: number) => {
      for (const run of claimAt(clock)) {
        finishJobRun(ledger, run.id, { at: time(clock).toISOString(), outcome, exitCode });
      }
    },
    checkAt: (clock: string) => checkJobs({ ...place, now: () => time(clock) })[0],
  };
}

describe("a job", () => {
  test("that nothing is there to run is not installed", () => {
    expect(scene().checkAt("05:00:00")).toMatchObject({ health: "not installed" });
  });

  test("is good until it was due, and for five minutes more", () => {
    const { setUp, checkAt } = scene();
    setUp();
    expect(checkAt("01:04:59")).toMatchObject({ health: "good", lastSuccess: null });
    expect(checkAt("01:05:00")).toMatchObject({
      health: "overdue",
      reason: "due at 2026-11-22T01:00:00.000Z, and nothing ran it",
    });
  });

  test("that ran is good until it is due again", () => {
    const { setUp, runAt, checkAt } = scene();
    setUp();
    runAt("01:00:01", "succeeded", 0);
    expect(checkAt("02:04:00")).toMatchObject({ health: "good" });
    expect(checkAt("02:06:00")).toMatchObject({
      health: "overdue",
      lastSuccess: "2026-11-22T01:00:01.000Z",
      next: "2026-11-22T03:00:00.000Z",
    });
  });

  test("that failed is failing until it succeeds", () => {
    const { setUp, runAt, checkAt } = scene();
    setUp();
    runAt("01:00:01", "failed", 7);
    expect(checkAt("01:30:00")).toMatchObject({ health: "failing", lastExitCode: 7 });
    expect(checkAt("01:30:00")?.reason).toContain("failed with exit code 7");
    runAt("02:00:01", "succeeded", 0);
    expect(checkAt("02:30:00")).toMatchObject({ health: "good" });
  });

  test("that is paused is not judged", () => {
    const { place, setUp, checkAt } = scene();
    setUp();
    pause(place, "job", { by: "ada", reason: null });
    expect(checkAt("05:00:00")).toMatchObject({ health: "paused" });
  });
});

test("the figures have every job from the start", () => {
  const { place } = scene();
  const text = metricsText("local", checkJobs({ ...place, now: () => time("00:30:00") }));
  expect(text).toContain(
    'studio_job_last_success_timestamp_seconds{environment="local",job="job"} 0\n',
  );
  expect(text).toContain('studio_job_installed{environment="local",job="job"} 0\n');
  expect(text).toContain(
    `studio_job_next_timestamp_seconds{environment="local",job="job"} ${time("01:00:00").getTime() / 1000}\n`,
  );
  expect(text.match(/^# TYPE /gm)).toHaveLength(8);
  expect(metricsText("local", [])).toBe("");
});
