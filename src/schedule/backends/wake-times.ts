import { expandNickname } from "../cron/expression.ts";
import { type Transition, offsetAt, transitionBetween } from "../cron/zone.ts";
import type { Job } from "../jobs.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

/** How far ahead clocks are looked at, and how closely: none are changed twice within a week. */
const years = 3;
const step = 7 * day;

/**
 * The five fields at which cron, by the clocks of `zone`, has to look whether a job is due.
 * Where the job goes by the same clocks they are its own. Otherwise they name each minute at which
 * it can be due, and others: what is called then finds whether it is.
 */
export function wakeFields(
  job: Pick<Job, "cron" | "expression" | "timezone">,
  zone: string,
  now: Date,
): string {
  const own = clocksOf(job.timezone, now);
  const host = clocksOf(zone, now);
  if (showSame(own, host)) return ownFields(job);
  const times = timesShown(job, own, host);
  const minutes = distinct(times.map((time) => time % 60));
  // A field with fixed hours is not run again where clocks are put back; one that begins with * is.
  const hours = host.transitions.length > 0 ? "*" : distinct(times.map((t) => Math.floor(t / 60)));
  return `${minutes} ${hours} * * *`;
}

/** Numbers instead of names, which not every cron understands everywhere. */
function ownFields({ cron, expression }: Pick<Job, "cron" | "expression">): string {
  const { minutes, hours, days, months, weekdays } = expression;
  const written = expandNickname(cron).split(/\s+/);
  return [minutes, hours, days, months, weekdays]
    .map((values, place) => {
      const text = written[place] ?? "*";
      return text.startsWith("*") ? text : values.join(",");
    })
    .join(" ");
}

interface Clocks {
  zone: string;
  /** At each look, in milliseconds beyond UTC. */
  looks: number[];
  offsets: Set<number>;
  transitions: Transition[];
}

function clocksOf(zone: string, now: Date): Clocks {
  const looks: number[] = [];
  const transitions: Transition[] = [];
  const from = Math.floor(now.getTime() / day) * day;
  for (let at = from; at < from + years * 365 * day; at += step) {
    looks.push(offsetAt(zone, at));
    const transition = transitionBetween(zone, at, at + step);
    if (transition !== null) transitions.push(transition);
  }
  return { zone, looks, offsets: new Set(looks), transitions };
}

function showSame(one: Clocks, other: Clocks): boolean {
  if (one.zone === other.zone) return true;
  const changes = ({ transitions }: Clocks) => transitions.map(({ at }) => at).join();
  return one.looks.join() === other.looks.join() && changes(one) === changes(other);
}

/** What the host's clocks may show when the job is due, in minutes of the day. */
function timesShown({ expression }: Pick<Job, "expression">, own: Clocks, host: Clocks): number[] {
  const times = new Set<number>();
  const add = (milliseconds: number) => times.add(modulo(milliseconds / minute, 24 * 60));
  for (const offset of host.offsets) {
    for (const hour of expression.hours) {
      for (const each of expression.minutes) {
        for (const before of own.offsets) add((hour * 60 + each) * minute - before + offset);
      }
    }
    // What was to be run in a gap of its own clocks is due at the end of the gap.
    if (!expression.followsClock) {
      for (const { at } of own.transitions) add((at % day) + offset);
    }
  }
  return [...times];
}

const distinct = (numbers: readonly number[]): string =>
  [...new Set(numbers)].toSorted((a, b) => a - b).join(",");

const modulo = (value: number, by: number): number => ((Math.floor(value) % by) + by) % by;
