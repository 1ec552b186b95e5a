import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { calendarOf } from "../../../src/schedule/backends/calendar.ts";
import { unitTexts } from "../../../src/schedule/backends/unit-texts.ts";
import { compareRuns } from "../../../src/schedule/backends/compare.ts";
import { parseExpression } from "../../../src/schedule/cron/expression.ts";
import { firings } from "../../../src/schedule/cron/firings.ts";
import { nextRuns } from "../../../src/schedule/next-runs.ts";
import { rounds } from "../../support/every.ts";
import { findProgram } from "../../support/programs.ts";
import { randomExpression } from "../../support/random-cron.ts";
import { randomFrom } from "../../support/random.ts";
import { placeWith } from "../../support/schedule-place.ts";

const analyze = findProgram("systemd-analyze", "the timers of systemd");
const now = new Date("2026-11-22T00:00:30Z");

/** The next times at which systemd itself fires, UTC. */
function firedBy(values: readonly string[], count: number): string[] {
  const base = now.toISOString().replace("T", " ").replace(/\..*/, " UTC");
  const words = ["calendar", `--base-time=${base}`, `--iterations=${count}`, ...values];
  const output = execFileSync(analyze ?? "", words, {
    encoding: "utf8",
    env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const times = output.matchAll(/(?:Next elapse|Iteration #\d+|Iter\. #\d+): \w+ (\S+ \S+) UTC/g);
  const found = [...times].map(([, time = ""]) => `${time.replace(" ", "T")}.000Z`);
  return [...new Set(found)].toSorted().slice(0, count);
}

test.skipIf(analyze === null)("systemd fires when jobs in UTC are due, and never else", () => {
  const count = rounds(5, 50);
  const random = randomFrom(7);
  for (let round = 0; round < rounds(12, 10_000); round += 1) {
    const cron = randomExpression(random);
    const expression = parseExpression(cron);
    const job = { cron, expression, timezone: "UTC" };
    const due = firings(expression, "UTC", now).take(count).toArray();
    if (due.length < count) continue;
    const found = firedBy(calendarOf(job, now), count);
    expect(found, cron).toEqual(due.map((time) => time.toISOString()));
  }
});

test.skipIf(analyze === null)("systemd wakes whenever a job of another zone is due", () => {
  const cron = "30 2 * * *";
  const expression = parseExpression(cron);
  const job = { cron, expression, timezone: "America/New_York" };
  const due = firings(expression, job.timezone, now).take(400).toArray();
  const fired = new Set(firedBy(calendarOf(job, now), 1700));
  expect(due.filter((time) => !fired.has(time.toISOString()))).toEqual([]);
});

test.skipIf(analyze === null)("systemd takes the units for what they are", () => {
  const folder = mkdtempSync(join(tmpdir(), "u-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const place = placeWith({
    both: { cron: "*/5 1-3 13 * fri", shell: "true" },
    zoned: { cron: "30 2 * * *", shell: "true", timezone: "Europe/Berlin" },
  });
  place.service.program = join(folder, "50% of $HOME.js");
  const units = unitTexts({ place, path: `${process.env["PATH"]}:relative` });
  for (const [name, content] of Object.entries(units)) writeFileSync(join(folder, name), content);
  const files = Object.keys(units).map((name) => join(folder, name));
  const said = execFileSync(analyze ?? "", ["verify", "--user", ...files], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, XDG_RUNTIME_DIR: folder },
  });
  expect(said).toBe("");
  expect(files).toHaveLength(4);
});

test("each time at which a job is due is one at which cron and systemd call it", async () => {
  const place = placeWith({
    daily: { cron: "30 2 * * *", shell: "true", timezone: "America/New_York" },
    either: { cron: "0 12 13 * 5", shell: "true" },
  });
  const runs = nextRuns(place, null, 3);
  const env = { PATH: process.env["PATH"] };
  const compared = await compareRuns(place, runs, { zone: "Europe/Berlin", env });
  const systemd = analyze === null ? null : true;
  expect(compared).toEqual(runs.map((run) => ({ ...run, crontab: true, systemd })));
  const nowhere = await compareRuns(place, runs, { zone: "UTC", env: { PATH: "/nowhere" } });
  expect(nowhere.every((run) => run.systemd === null)).toBe(true);
});
