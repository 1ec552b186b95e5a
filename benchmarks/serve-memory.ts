/**
 * Resident memory of `studio serve` over many requests of four kinds, and over models that are
 * unloaded and loaded again and again, against that after the first 10,000 requests:
 * node benchmarks/serve-memory.ts [--requests 1000000] [--cycles 100] [--check]
 * With --check more than a tenth above the first figure exits 1.
 *
 * What the figures do not say: the requests come from one process over loopback, sixteen at a time;
 * what a daemon holds for very many callers, or for large bodies, is in none of them. They hold for
 * the machine that the first line names: how much memory is given back depends on its allocator, and
 * the number of its processors decides how many sessions there are.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MemorySubject } from "./serve/memory-subject.ts";

const { values: given } = parseArgs({
  options: {
    requests: { type: "string", default: "1000000" },
    cycles: { type: "string", default: "100" },
    check: { type: "boolean", default: false },
  },
});
const requests = Number(given.requests);
const cycles = Number(given.cycles);
const first = 10_000;
/** Requests under way at once. */
const callers = 16;

const folder = mkdtempSync(join(tmpdir(), "studio-memory-"));
const subject = await MemorySubject.start(folder);
const began = performance.now();

function print(what: string): number {
  const megabytes = subject.resident() / 1_000_000;
  const seconds = Math.round((performance.now() - began) / 1000);
  process.stdout.write(
    `${`${seconds} s`.padStart(7)}  ${what.padEnd(34)}${megabytes.toFixed(1)} MB\n`,
  );
  return megabytes;
}

/** Sends requests from number `from` to `to`, so many at once. */
async function send(from: number, to: number): Promise<void> {
  let next = from;
  const call = async (): Promise<void> => {
    while (next < to) await subject.request(next++);
  };
  await Promise.all(Array.from({ length: callers }, call));
}

try {
  const memory = `${Math.round(totalmem() / 1e9)} GB`;
  process.stdout.write(
    `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} processors, ${memory}, Node ${process.version}\n`,
  );
  print("ready");
  await send(0, first);
  const base = print(`${first} requests`);
  const step = Math.ceil((requests - first) / 10);
  for (let from = first; from < requests; from += step) {
    const to = Math.min(requests, from + step);
    await send(from, to);
    print(`${to} requests`);
  }
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    await subject.reload();
    if (cycle % Math.ceil(cycles / 10) === 0) print(`${cycle} times unloaded and loaded`);
  }
  await send(requests, requests + first);
  const last = print(`${first} further requests`);
  const growth = (last / base - 1) * 100;
  const isMissed = growth > 10;
  process.stdout.write(
    `\n${growth.toFixed(1)} % more than after ${first} requests; target: 10 %\n`,
  );
  if (isMissed && given.check) process.exitCode = 1;
} finally {
  await subject.stop();
  rmSync(folder, { recursive: true, force: true });
}
