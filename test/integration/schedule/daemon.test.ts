import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { expectJobs } from "../../../src/ledger/job-states.ts";
import { openLedger } from "../../../src/ledger/ledger.ts";
import { type DaemonEvent, runDaemon } from "../../../src/schedule/backends/daemon.ts";
import { everyStep } from "../../support/every.ts";
import { collect, createProject } from "../../support/studio.ts";
import { placeWith } from "../../support/schedule-place.ts";

const hourly = { cron: "0 * * * *", shell: "true" };

/** A daemon whose clock the test sets. */
function daemon(place = placeWith({ job: hourly }), begin = "2026-11-22T01:59:59.700Z") {
  let ahead = Date.parse(begin) - Date.now();
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const events: DaemonEvent[] = [];
  const started: string[] = [];
  const input = {
    place: { ...place, now: () => new Date(Date.now() + ahead) },
    start: (job: string) => void started.push(job),
    tell: (event: DaemonEvent) => void events.push(event),
    signal: controller.signal,
  };
  const ended = runDaemon(input);
  const jump = (milliseconds: number) => (ahead += milliseconds);
  const seen = async (event: DaemonEvent["event"], count = 1) => {
    for (let tries = 0; tries < 1000; tries += 1) {
      const found = events.filter((one) => one.event === event);
      if (found.length >= count) return found;
      await sleep(20);
    }
    throw new Error(`no ${event}: ${JSON.stringify(events)}`);
  };
  return { events, started, jump, seen, end: () => (controller.abort(), ended) };
}

test("a job is started when its time comes, once", async () => {
  const { started, seen, end } = daemon();
  expect(await seen("fired")).toEqual([
    { event: "fired", job: "job", due: "2026-11-22T02:00:00.000Z" },
  ]);
  await sleep(100);
  await end();
  expect(started).toEqual(["job"]);
});

test("after a suspension or a jump of the clock one start is made, and told as late", async () => {
  const { started, jump, seen, end } = daemon(undefined, "2026-11-22T01:30:00Z");
  await seen("armed");
  jump(5 * 3_600_000);
  expect(await seen("late")).toMatchObject([{ job: "job", due: "2026-11-22T02:00:00.000Z" }]);
  await sleep(100);
  await end();
  expect(started).toEqual(["job"]);
});

test("a clock that is put back arms what is due by it then", async () => {
  const { jump, seen, end } = daemon(undefined, "2026-11-22T08:30:00Z");
  await seen("armed");
  jump(-4 * 3_600_000 + 1_797_000);
  expect(await seen("fired")).toMatchObject([{ due: "2026-11-22T05:00:00.000Z" }]);
  await end();
});

test("what was due before it began is started at once, and what it never knew of is not", async () => {
  const place = placeWith({ job: hourly, other: hourly });
  const ledger = openLedger(place.paths.ledger);
  expectJobs(ledger, "local", ["job"], new Date("2026-11-22T00:30:00Z"));
  ledger.close();
  const { started, seen, end } = daemon(place, "2026-11-22T01:30:00Z");
  await seen("armed", 2);
  await end();
  expect(started).toEqual(["job"]);
});

test.runIf(everyStep)(
  "two daemons run what is due once, by studio's own processes",
  async () => {
    const project = await createProject(
      'name: shop\nschedule: { jobs: { job: { cron: "* * * * *", shell: "echo x >>count" } } }\n',
    );
    onTestFinished(() => project.remove());
    const daemons = [1, 2].map(() => project.start(["schedule", "daemon"]));
    const ended = daemons.map(collect);
    const count = join(project.directory, "count");
    for (let tries = 0; !existsSync(count) && tries < 1200; tries += 1) await sleep(100);
    await sleep(5000);
    for (const one of daemons) one.kill("SIGTERM");
    expect((await Promise.all(ended)).map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const history = JSON.parse(
      (await project.studio(["schedule", "history", "job", "--json"])).stdout,
    ) as { result: { dueAt: string; standing: string }[] };
    const ran = history.result.filter(({ standing }) => standing === "succeeded");
    expect(ran.length).toBeGreaterThan(0);
    expect(new Set(ran.map(({ dueAt }) => dueAt)).size).toBe(ran.length);
    expect(readFileSync(count, "utf8")).toBe("x\n".repeat(ran.length));
  },
  300_000,
);
