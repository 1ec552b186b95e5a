import { usageError } from "../../errors.ts";

/**
 * Five fields as crontab(5) has them, each as the values at which it fires, in order.
 * Months are 1 to 12, weekdays 0 (Sunday) to 6.
 */
export interface CronExpression {
  minutes: readonly number[];
  hours: readonly number[];
  days: readonly number[];
  months: readonly number[];
  weekdays: readonly number[];
  /** With both day fields restricted a day fits one of them; where one begins with `*`, both. */
  eitherDay: boolean;
  /**
   * Minute or hour begins with `*`: it follows the clock, so a repeated hour fires again and a
   * skipped one does not. Any other fires once on each of its days.
   */
  followsClock: boolean;
}

interface Field {
  name: string;
  low: number;
  high: number;
  /** Up to where `*` goes: the seventh day of the week is the first one again. */
  last: number;
  words?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const fields: readonly Field[] = [
  { name: "minute", low: 0, high: 59, last: 59 },
  { name: "hour", low: 0, high: 23, last: 23 },
  { name: "day of month", low: 1, high: 31, last: 31 },
  { name: "month", low: 1, high: 12, last: 12, words: months },
  { name: "day of week", low: 0, high: 7, last: 6, words: weekdays },
];

const nicknames: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** The five fields that a word such as `@daily` stands for; any other text as it is. */
export function expandNickname(text: string): string {
  return nicknames[text.trim().toLowerCase()] ?? text.trim();
}

/**
 * Reads a cron expression.
 * @throws StudioError (exit 2) that names the field and what may be meant
 */
export function parseExpression(text: string): CronExpression {
  const parts = expandNickname(text).split(/\s+/);
  if (parts.length !== fields.length) {
    const hint = "Give minute, hour, day of month, month and day of week, such as 0 2 * * *.";
    throw usageError(`"${text}" has ${parts.length} fields where cron has five.`, hint);
  }
  const [minute = "", hour = "", day = "", , weekday = ""] = parts;
  const [minutes = [], hours = [], days = [], inMonths = [], onWeekdays = []] = fields.map(
    (field, place) => valuesOf(parts[place] ?? "", field, text),
  );
  return {
    minutes,
    hours,
    days,
    months: inMonths,
    weekdays: [...new Set(onWeekdays.map((value) => value % 7))].toSorted((a, b) => a - b),
    eitherDay: !day.startsWith("*") && !weekday.startsWith("*"),
    followsClock: minute.startsWith("*") || hour.startsWith("*"),
  };
}

function valuesOf(part: string, field: Field, whole: string): number[] {
  const values = new Set(part.split(",").flatMap((item) => itemValues(item, field, whole)));
  return [...values].toSorted((a, b) => a - b);
}

/** `*`, a value, or a range; with a step behind the first and the last. */
function itemValues(item: string, field: Field, whole: string): number[] {
  const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item);
  if (match === null) throw refuse(whole, field, item, exampleOf(field));
  const [, star, from = "", to, step = "1"] = match;
  if (step === "0") throw refuse(whole, field, item, "*/1");
  if (star !== undefined) return series(field.low, field.last, Number(step));
  const first = valueOf(from, field, whole);
  if (to === undefined) {
    if (!item.includes("/")) return [first];
    throw refuse(whole, field, item, `${from}-${field.high}/${step}`);
  }
  const last = valueOf(to, field, whole);
  if (last < first) throw refuse(whole, field, item, exampleOf(field));
  return series(first, last, Number(step));
}

function series(first: number, last: number, step: number): number[] {
  const values: number[] = [];
  for (let value = first; value <= last; value += step) values.push(value);
  return values;
}

function valueOf(text: string, field: Field, whole: string): number {
  const word = field.words?.indexOf(text.toLowerCase()) ?? -1;
  const value = word >= 0 ? field.low + word : Number(text);
  if (/^\d{1,2}$/.test(text) || word >= 0) {
    if (value >= field.low && value <= field.high) return value;
  }
  throw refuse(whole, field, text, exampleOf(field));
}

const exampleOf = ({ low, high, words }: Field): string =>
  `${low}-${high}${words === undefined ? "" : ` or ${words.slice(0, 2).join(", ")} …`}`;

function refuse(whole: string, { name }: Field, item: string, instead: string): Error {
  return usageError(
    `"${whole}" is not a cron expression: "${item}" is no ${name}.`,
    `Something like ${instead} is understood there.`,
  );
}
