/**
 * A daemon whose clock goes from firing to firing, for so many days: what it takes of memory before
 * and after, as JSON. Arguments: a folder, and the number of days.
 */
import { defaultJobs } from "./default-jobs.ts";
import { placeIn } from "./place.ts";
import { runDaemon } from "../../src/schedule/backends/daemon.ts";
import { startJob } from "../../src/schedule/backends/start-job.ts";

const [directory = "", days = "31"] = process.argv.slice(2);
const begins = Date.parse("2026-11-01T00:00:00Z");
const ends = begins + Number(days) * 24 * 3_600_000;
const controller = new AbortController();
const tenMinutes = 600_000;

let at = begins;
let isClose = false;
/** Of two looks one is just before ten minutes are full, and one just after. */
function now(): Date {
  at += isClose ? 2 : tenMinutes - 2;
  isClose = !isClose;
  if (at >= ends) controller.abort();
  return new Date(at);
}

const frequent = { frequent: { cron: "*/10 * * * *", shell: "true" } };
const place = placeIn(directory, { ...defaultJobs, ...frequent }, now);
let fired = 0;
let before = 0;
await runDaemon({
  place,
  signal: controller.signal,
  start: (job) => startJob(place, job, process.env),
  tell: ({ event }) => {
    if (event === "fired" || event === "late") fired += 1;
    // What it needs at all is there once it has fired a few times.
    if (fired === 20) before = process.memoryUsage.rss();
  },
});
process.stdout.write(JSON.stringify({ fired, before, after: process.memoryUsage.rss() }));
