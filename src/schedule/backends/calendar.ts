import { parseExpression } from "../cron/expression.ts";
import type { Job } from "../jobs.ts";
import { wakeFields } from "./wake-times.ts";

type Timed = Pick<Job, "cron" | "expression" | "timezone">;

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/**
 * The values of `OnCalendar=` (systemd.time(7)) at which a timer has to look whether a job is due, in
 * UTC, whose clocks nobody changes. For a job in UTC they are its own times, else they name each
 * minute at which it can be due, and others. systemd fires at each of several values once.
 */
export function calendarOf(job: Timed, now: Date): string[] {
  const woken = wakeFields(job, "UTC", now);
  const { minutes, hours, days: monthDays, months, weekdays, eitherDay } = parseExpression(woken);
  const time = `${listOf(hours, 24)}:${listOf(minutes, 60)}:00 UTC`;
  const month = listOf(months, 12);
  const onDate = `*-${month}-${listOf(monthDays, 31)} ${time}`;
  const onWeekdays = weekdays.length === 7 ? "" : `${weekdays.map((day) => days[day]).join(",")} `;
  // Where a day may fit either of the two, each is a value of its own.
  if (eitherDay) return [onDate, `${onWeekdays}*-${month}-* ${time}`];
  return [`${onWeekdays}${onDate}`];
}

const listOf = (values: readonly number[], all: number): string =>
  values.length === all ? "*" : values.map((value) => String(value).padStart(2, "0")).join(",");
