import type { CronExpression } from "./expression.ts";
import { type Transition, farthestOffset, offsetAt, transitionBetween } from "./zone.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

/** A rule that names a day at all names one within this time: 29 February may be 8 years away. */
const searched = 9 * 366;

/**
 * The instants at which a cron expression fires after a given one, in order, without end unless it
 * names a day that never comes (30 February).
 *
 * Where clocks jump it does what cron(8) of Debian does: an expression with fixed times fires once
 * on each of its days, at the first instant after the gap if its time is skipped, and at the first
 * of two if it is repeated; one that follows the clock (`*` in minute or hour) fires whenever the
 * clock shows its time.
 * @param zone an IANA time zone
 */
export function* firings(
  expression: CronExpression,
  zone: string,
  after: Date,
): Generator<Date, void> {
  let last = after.getTime();
  let fruitless = 0;
  // A day of a zone may have begun before the same day of UTC, or after it.
  const first = Math.floor(last / day) - 1;
  for (let number = first; fruitless < searched; number += 1) {
    fruitless += 1;
    if (!fits(expression, new Date(number * day))) continue;
    for (const instant of instantsOf(expression, zone, number * day)) {
      if (instant <= last) continue;
      last = instant;
      fruitless = 0;
      yield new Date(instant);
    }
  }
}

/** The next firing; null for a day that never comes. */
export function nextFiring(expression: CronExpression, zone: string, after: Date): Date | null {
  return firings(expression, zone, after).next().value ?? null;
}

function fits({ days, months, weekdays, eitherDay }: CronExpression, date: Date): boolean {
  if (!months.includes(date.getUTCMonth() + 1)) return false;
  const dayFits = days.includes(date.getUTCDate());
  const weekdayFits = weekdays.includes(date.getUTCDay());
  return eitherDay ? dayFits || weekdayFits : dayFits && weekdayFits;
}

/** @param midnight of the day, as if the zone's clocks showed UTC */
function* instantsOf(
  expression: CronExpression,
  zone: string,
  midnight: number,
): Generator<number, void> {
  const from = midnight - farthestOffset;
  const to = midnight + day + farthestOffset;
  const transition = transitionBetween(zone, from, to);
  const shown = timesOfDay(expression, midnight);
  if (transition === null) {
    const offset = offsetAt(zone, from);
    for (const time of shown) yield time - offset;
    return;
  }
  const instants = new Set<number>();
  for (const time of shown) {
    for (const instant of instantsThatShow(time, transition, expression.followsClock)) {
      instants.add(instant);
    }
  }
  yield* [...instants].toSorted((a, b) => a - b);
}

function* timesOfDay({ hours, minutes }: CronExpression, midnight: number): Generator<number> {
  for (const hour of hours) {
    for (const each of minutes) yield midnight + (60 * hour + each) * minute;
  }
}

/** When the clocks show a time around a transition. */
function instantsThatShow(time: number, transition: Transition, followsClock: boolean): number[] {
  const { at, before, after } = transition;
  const early = time - before;
  const late = time - after;
  const instants = [...(early < at ? [early] : []), ...(late >= at ? [late] : [])];
  if (followsClock) return instants;
  const [first = at] = instants;
  return [first];
}
