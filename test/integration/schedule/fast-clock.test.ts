import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { type JobRun, listJobRuns, listUnfinishedRuns } from "../../../src/ledger/job-runs.ts";
import { openLedger } from "../../../src/ledger/ledger.ts";
import { isAlive } from "../../../src/shell/process-identity.ts";
import { rounds, timeLimit } from "../../support/every.ts";
import { clockBegins, fastPlace } from "../../support/fast-place.ts";
import { randomFrom } from "../../support/random.ts";

const program = join(import.meta.dirname, "../../support/fast-schedule.ts");
const minute = 60_000;

/** A minute of the clock takes two seconds: enough for a process to start on a machine that is busy. */
const speed = 30;

function machine() {
  const folder = mkdtempSync(join(tmpdir(), "f-"));
  const began = Date.now();
  const place = fastPlace(folder, speed, began);
  const ledger = openLedger(place.paths.ledger);
  const children = new Set<ChildProcess>();
  const start = (mode: "daemon" | "exec") => {
    const words = [program, mode, folder, String(speed), String(began)];
    const child = spawn(process.execPath, words, { stdio: "ignore" });
    children.add(child);
    child.once("close", () => children.delete(child));
    return child;
  };
  const unfinished = () => listUnfinishedRuns(ledger, "local");
  const runs = () => listJobRuns(ledger, { environment: "local", job: "job", limit: 100_000 });
  const quiet = async () => {
    while (unfinished().some((run) => isAlive(run.process))) await sleep(50);
  };
  onTestFinished(async () => {
    for (const child of children) child.kill("SIGKILL");
    await quiet();
    ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const linesOf = (name: string) => {
    const file = join(folder, name);
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").length : 0;
  };
  return { place, start, runs, quiet, linesOf, unfinished };
}

/** Each minute up to the last one is in exactly one row: run, lost, or among those that were missed. */
function expectWhole(runs: readonly JobRun[]): void {
  const times = runs.map(({ dueAt }) => Date.parse(dueAt ?? "")).toSorted((a, b) => a - b);
  expect(new Set(times).size).toBe(times.length);
  const [first = 0] = times;
  const firings = runs.reduce((sum, run) => sum + run.firings, 0);
  const missedFirst = runs.find(({ dueAt }) => Date.parse(dueAt ?? "") === first)?.firings ?? 1;
  const from = first - (missedFirst - 1) * minute;
  expect(from).toBeLessThanOrEqual(clockBegins + 10 * minute);
  expect(firings).toBe(((times.at(-1) ?? 0) - from) / minute + 1);
}

async function waitFor(what: () => boolean): Promise<void> {
  while (!what()) await sleep(50);
}

test(
  "two daemons and a cron beside them run each minute once, and no two at the same time",
  async () => {
    const { place, start, runs, quiet, linesOf } = machine();
    const daemons = [start("daemon"), start("daemon")];
    const wanted = rounds(3, 1000);
    const firings = () => runs().reduce((sum, run) => sum + run.firings, 0);
    while (firings() < wanted) {
      const cron = start("exec");
      await new Promise((resolve) => cron.once("close", resolve));
      const rest = minute - (place.now().getTime() % minute);
      await sleep(rest / speed);
    }
    for (const one of daemons) one.kill("SIGTERM");
    await quiet();
    expectWhole(runs());
    expect(linesOf("trouble")).toBe(0);
    expect(linesOf("count")).toBe(runs().filter(({ outcome }) => outcome === "succeeded").length);
  },
  timeLimit(600_000),
);

test(
  "a daemon and what it runs may be killed at any moment: no entry is lost or doubled",
  async () => {
    const { start, runs, quiet, unfinished } = machine();
    const random = randomFrom(5);
    for (let kills = 0; kills < rounds(2, 50); kills += 1) {
      const daemon = start("daemon");
      const before = runs().length;
      await waitFor(() => runs().length > before);
      await sleep(random.below(300));
      daemon.kill("SIGKILL");
      for (const run of unfinished()) {
        if (isAlive(run.process)) process.kill(run.process.pid, "SIGKILL");
      }
      await waitFor(() => unfinished().every((run) => !isAlive(run.process)));
      const last = start("exec");
      await new Promise((resolve) => last.once("close", resolve));
    }
    await quiet();
    const last = start("exec");
    await new Promise((resolve) => last.once("close", resolve));
    expect(unfinished()).toEqual([]);
    expectWhole(runs());
  },
  timeLimit(600_000),
);

test(
  "a daemon that was suspended makes one run once it goes on, and it is known how late",
  async () => {
    const { place, start, runs, quiet } = machine();
    const daemon = start("daemon");
    await waitFor(() => runs().length > 0);
    await quiet();
    daemon.kill("SIGSTOP");
    const before = runs();
    await sleep(7000);
    const woken = place.now();
    daemon.kill("SIGCONT");
    await waitFor(() => runs().length > before.length);
    daemon.kill("SIGTERM");
    await quiet();
    const ran = runs().filter(({ outcome }) => outcome === "succeeded");
    const late = ran.filter(({ claimedAt }) => Date.parse(claimedAt) >= woken.getTime());
    expect(late.length).toBeGreaterThanOrEqual(1);
    const missed = runs().filter(({ outcome }) => outcome === "missed");
    expect(missed.length).toBeGreaterThanOrEqual(1);
    expectWhole(runs());
  },
  timeLimit(600_000),
);
