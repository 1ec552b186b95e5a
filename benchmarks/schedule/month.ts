/**
 * Loaded before `studio schedule daemon`: the clock goes from firing to firing for so many days
 * (STUDIO_BENCH_DAYS), every job is `/bin/true`, and then the daemon is told to end. Writes its
 * memory as it began and at the end as JSON to stderr.
 */
const begins = Date.parse("2026-11-01T00:00:00Z");
const ends = begins + Number(process.env["STUDIO_BENCH_DAYS"]) * 24 * 3_600_000;
const tenMinutes = 600_000;
const Real = Date;

let at = begins;
let isClose = false;
let isOver = false;
/** Of two looks one is just before ten minutes are full, and one just after. */
function next(): number {
  at += isClose ? 2 : tenMinutes - 2;
  isClose = !isClose;
  if (at >= ends && !isOver) {
    isOver = true;
    const after = process.memoryUsage.rss();
    process.stderr.write(`${JSON.stringify({ began, after })}\n`);
    process.kill(process.pid, "SIGTERM");
  }
  return at;
}

let began = 0;
// As long as it starts, the clock stands.
setTimeout(() => {
  began = process.memoryUsage.rss();
  globalThis.Date = class extends Real {
    constructor(...values: [] | [number | string | Date]) {
      super(values[0] ?? next());
    }
    static override now = next;
  } as DateConstructor;
}, 3000);

process.execPath = "/bin/true";
