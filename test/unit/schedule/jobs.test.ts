import { describe, expect, test } from "vitest";
import { loadProject } from "../../../src/config/project.ts";
import { findJob, jobsOf, nextTimes } from "../../../src/schedule/jobs.ts";
import { shownIn } from "../../../src/schedule/next-runs.ts";

const { settings } = await loadProject({ cwd: "/", env: {} });
const { defaults } = settings.schedule;
const job = { cron: "0 * * * *", run: "backup prune" };

describe("the jobs of a new project", () => {
  const jobs = jobsOf(settings.schedule, "host");

  test("are backups, clean-up and a drill, of one group", () => {
    expect(jobs.map(({ name, cron }) => `${name}: ${cron}`)).toEqual([
      "models: 0 * * * *",
      "database: 0 2 * * *",
      "full: 0 3 * * 0",
      "cleanup: 0 4 * * *",
      "drill: 0 5 * * 0",
    ]);
    expect(new Set(jobs.map(({ group }) => group))).toEqual(new Set(["backup"]));
  });

  test("take what they do not say from the defaults", () => {
    expect(findJob(jobs, "full")).toMatchObject({
      timezone: "UTC",
      overlap: "skip",
      catchUp: "once",
      timeout: 7_200_000,
      delay: 0,
      command: { kind: "studio", line: "backup create --set full" },
    });
    expect(findJob(jobs, "models").catchUp).toBe("none");
  });

  test("are found by name; one that is mistyped is suggested", () => {
    expect(() => findJob(jobs, "databse")).toThrow('There is no job "databse".');
    expect(() => findJob(jobs, "databse")).toThrow(
      expect.objectContaining({ exitCode: 2, hint: "Did you mean database?" }),
    );
  });
});

test("jitter spreads jobs and hosts, and is the same each time", () => {
  const names = Array.from({ length: 200 }, (_, index) => `job-${index}`);
  const many = {
    defaults,
    jobs: Object.fromEntries(names.map((name) => [name, { ...job, jitter: 60_000 }])),
  };
  const delays = jobsOf(many, "host").map(({ delay }) => delay);
  expect(jobsOf(many, "host").map(({ delay }) => delay)).toEqual(delays);
  expect(jobsOf(many, "other").map(({ delay }) => delay)).not.toEqual(delays);
  expect(new Set(delays).size).toBeGreaterThan(190);
  expect(Math.min(...delays)).toBeLessThan(5000);
  expect(Math.max(...delays)).toBeGreaterThan(55_000);
  expect(delays.every((delay) => delay >= 0 && delay < 60_000)).toBe(true);
});

test("a job is due by the clocks of its own zone", () => {
  const jobs = jobsOf(
    { defaults, jobs: { night: { ...job, cron: "0 2 * * *", timezone: "America/New_York" } } },
    "host",
  );
  const times = nextTimes(findJob(jobs, "night"), new Date("2027-03-13T12:00:00Z"), 2);
  expect(times.map((time) => time.toISOString())).toEqual([
    "2027-03-14T07:00:00.000Z",
    "2027-03-15T06:00:00.000Z",
  ]);
  expect(times.map((time) => shownIn("America/New_York", time))).toEqual([
    "Sun 2027-03-14 03:00 EDT",
    "Mon 2027-03-15 02:00 EDT",
  ]);
});

test("a job whose day never comes has no next time", () => {
  const jobs = jobsOf({ defaults, jobs: { never: { ...job, cron: "0 0 30 2 *" } } }, "host");
  expect(nextTimes(findJob(jobs, "never"), new Date(), 3)).toEqual([]);
});
