import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { insertJobRun, listJobRuns, startJobRun } from "../../../src/ledger/job-runs.ts";
import { expectJobs } from "../../../src/ledger/job-states.ts";
import { openLedger } from "../../../src/ledger/ledger.ts";
import { claimNow } from "../../../src/schedule/execute/claim.ts";
import { executeJob } from "../../../src/schedule/execute/execute.ts";
import { openOutputLog, rotateOutput } from "../../../src/schedule/execute/output-log.ts";
import { findJob } from "../../../src/schedule/jobs.ts";
import { pause, unpause } from "../../../src/schedule/pause.ts";
import type { SchedulePlace } from "../../../src/schedule/place.ts";
import { runGroup } from "../../../src/shell/process-group.ts";
import { isGroupAlive } from "../../../src/shell/process-identity.ts";
import { placeWith } from "../../support/schedule-place.ts";

const cron = "0 * * * *";
const env = { PATH: process.env["PATH"] };
const ping = async () => {};

function execute(place: SchedulePlace, job: string, trigger: "hand" | "daemon" = "hand") {
  const signal = new AbortController().signal;
  return executeJob({ place, job, trigger, env, signal, ping });
}

const at = (place: SchedulePlace, time: string): SchedulePlace => ({
  ...place,
  now: () => new Date(`2026-11-22T${time}Z`),
});

function runsOf(place: SchedulePlace) {
  const ledger = openLedger(place.paths.ledger);
  try {
    return listJobRuns(ledger, { environment: "local", job: null, limit: 100 }).toReversed();
  } finally {
    ledger.close();
  }
}

describe("a run by hand", () => {
  test("keeps what the job wrote, with errors in their place, and how it ended", async () => {
    const place = placeWith({
      talk: { cron, shell: "echo one; echo two >&2; echo three; exit 7" },
    });
    const [run] = await execute(place, "talk");
    expect(run).toMatchObject({ outcome: "failed", exitCode: 7, dueAt: null, trigger: "hand" });
    expect(readFileSync(run?.log ?? "", "utf8")).toBe("one\ntwo\nthree\n");
    expect(runsOf(place)).toEqual([run]);
  });

  test("is ended with all its processes when it takes too long", async () => {
    const place = placeWith({ slow: { cron, shell: "sleep 60 & sleep 60", timeout: "300ms" } });
    const [run] = await execute(place, "slow");
    expect(run).toMatchObject({ outcome: "timed-out", exitCode: null, signal: "SIGTERM" });
    expect(run?.group !== null && run !== undefined && isGroupAlive(run.group)).toBe(false);
  });

  test("a signal ends it, and it is noted as ended", async () => {
    const place = placeWith({ slow: { cron, shell: "touch begun; sleep 60" } });
    const controller = new AbortController();
    const { signal } = controller;
    const running = executeJob({ place, job: "slow", trigger: "hand", env, signal, ping });
    await fileAppears(join(place.service.directory, "begun"));
    controller.abort("SIGTERM");
    expect((await running)[0]).toMatchObject({ outcome: "ended" });
  });

  test("words of studio are run by the same studio, in the same environment", async () => {
    const place = placeWith({ look: { cron, run: "backup create --set 'my set'" } });
    place.service.node = "/bin/echo";
    const [run] = await execute(place, "look");
    expect(readFileSync(run?.log ?? "", "utf8")).toBe(
      "/opt/studio/bin/studio.js backup create --set my set --env local\n",
    );
  });
});

describe("what is due", () => {
  test("is run once, however many find it due at the same time", async () => {
    const place = at(placeWith({ job: { cron, shell: "echo x >>count" } }), "03:00:01");
    const all = await Promise.all(Array.from({ length: 5 }, () => execute(place, "job", "daemon")));
    expect(all.flat()).toHaveLength(1);
    expect(await execute(place, "job", "daemon")).toEqual([]);
    expect(readFileSync(join(place.service.directory, "count"), "utf8")).toBe("x\n");
  });

  test("while nothing ran is caught up with once, and what is left out is told", async () => {
    const place = placeWith({ job: { cron, shell: "true" } });
    await execute(at(place, "01:00:01"), "job", "daemon");
    await execute(at(place, "05:20:00"), "job", "daemon");
    expect(
      runsOf(place).map(({ dueAt, outcome, firings }) => [dueAt?.slice(11, 16), outcome, firings]),
    ).toEqual([
      ["01:00", "succeeded", 1],
      ["04:00", "missed", 3],
      ["05:00", "succeeded", 1],
    ]);
  });

  test("counts from when it was set up, and else from this moment", async () => {
    const place = placeWith({ job: { cron, shell: "true" } });
    expect(await execute(at(place, "05:20:00"), "job", "daemon")).toEqual([]);
    const ledger = openLedger(place.paths.ledger);
    expectJobs(ledger, "local", ["job"], new Date("2026-11-22T04:30:00Z"));
    ledger.close();
    expect(await execute(at(place, "05:20:00"), "job", "daemon")).toHaveLength(1);
  });

  test("is skipped while the job is paused, and not made up for", async () => {
    const place = placeWith({ job: { cron, shell: "true" } });
    pause(at(place, "00:30:00"), "job", { by: "ada", reason: "moving" });
    expect(pause(place, "job", { by: "bob", reason: null }).changed).toBe(false);
    expect(await execute(at(place, "01:00:01"), "job", "daemon")).toEqual([]);
    expect(unpause(place, "job").changed).toBe(true);
    expect(await execute(at(place, "01:00:02"), "job", "daemon")).toEqual([]);
    expect(runsOf(place)).toMatchObject([
      { outcome: "skipped", reason: "paused since 2026-11-22T00:30:00.000Z: moving" },
    ]);
  });
});

describe("two runs of a job", () => {
  const shell = "echo begin >>order; sleep 1; echo end >>order";

  async function twice(overlap: string) {
    const place = placeWith({ job: { cron, shell, overlap } });
    const first = execute(place, "job");
    await fileAppears(join(place.service.directory, "order"));
    const [one, two] = (await Promise.all([first, execute(place, "job")])).flat();
    const order = readFileSync(join(place.service.directory, "order"), "utf8");
    return { outcomes: [one?.outcome, two?.outcome], order: order.trim().split("\n") };
  }

  test("skip: the second is not run", async () => {
    expect(await twice("skip")).toEqual({
      outcomes: ["succeeded", "skipped"],
      order: ["begin", "end"],
    });
  });

  test("queue: the second waits for the first", async () => {
    expect(await twice("queue")).toEqual({
      outcomes: ["succeeded", "succeeded"],
      order: ["begin", "end", "begin", "end"],
    });
  });

  test("allow: both run", async () => {
    expect((await twice("allow")).order).toEqual(["begin", "begin", "end", "end"]);
  });
});

test("jobs of one group wait for each other", async () => {
  const shell = "echo begin >>order; sleep 0.5; echo end >>order";
  const job = { cron, shell, group: "backup" };
  const place = placeWith({ one: job, two: job });
  await Promise.all([execute(place, "one"), execute(place, "two")]);
  const order = readFileSync(join(place.service.directory, "order"), "utf8").trim().split("\n");
  expect(order).toEqual(["begin", "end", "begin", "end"]);
});

test("a run whose process died is lost once, and what is left of it is ended first", async () => {
  const place = placeWith({ job: { cron, shell: "true" } });
  const ledger = openLedger(place.paths.ledger);
  const job = findJob(place.jobs, "job");
  const now = place.now();
  const dead = { pid: 2 ** 22 + 1, started: "1", boot: null };
  const orphan = claimNow(ledger, { environment: "local", job, trigger: "daemon", now });
  ledger.prepare("DELETE FROM job_runs").run();
  insertJobRun(ledger, { ...orphan, process: dead });
  const left = runGroup("/bin/sleep", ["60"], {
    cwd: place.service.directory,
    env,
    onStart: (group) => startJobRun(ledger, orphan.id, { at: now.toISOString(), group, log: "x" }),
  });
  ledger.close();
  await execute(place, "job");
  expect((await left).signal).toBe("SIGTERM");
  await execute(place, "job");
  expect(runsOf(place).map(({ outcome }) => outcome)).toEqual(["lost", "succeeded", "succeeded"]);
});

describe("the output", () => {
  test("of a run is kept at its beginning and its end", () => {
    const place = placeWith({});
    const file = join(place.paths.root, "logs", "long.log");
    const log = openOutputLog(file, 1000);
    for (let index = 0; index < 1000; index += 1) log.write(Buffer.from(`line ${index}\n`));
    log.close();
    const text = readFileSync(file, "utf8");
    expect(text).toMatch(/^line 0\n/);
    expect(text).toMatch(/\n\[\d+ bytes are left out here\]\n/);
    expect(text).toMatch(/line 999\n$/);
    expect(text.length).toBeLessThan(2200);
  });

  test("of the last hundred runs is kept", () => {
    const place = placeWith({});
    const folder = join(place.paths.root, "logs");
    mkdirSync(folder, { recursive: true });
    for (let index = 100; index < 220; index += 1) writeFileSync(join(folder, `${index}.log`), "");
    rotateOutput(folder, new Date());
    const names = readdirSync(folder).toSorted();
    expect([names.length, names[0]]).toEqual([100, "120.log"]);
  });
});

async function fileAppears(file: string): Promise<void> {
  for (let tries = 0; !existsSync(file); tries += 1) {
    if (tries > 500) throw new Error(`${file} does not appear`);
    await sleep(20);
  }
}
