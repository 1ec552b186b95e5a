const minute = 60_000;
const hour = 60 * minute;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    const two = "2-digit";
    const date = { year: "numeric", month: two, day: two } as const;
    const time = { hour: two, minute: two, second: two, hourCycle: "h23" } as const;
    format = new Intl.DateTimeFormat("en-US", { timeZone: zone, ...date, ...time });
    formats.set(zone, format);
  }
  return format;
}

/** What the clocks of a zone show beyond UTC at an instant. All in milliseconds. */
export function offsetAt(zone: string, instant: number): number {
  if (zone === "UTC") return 0;
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(instant)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour: hours = 0, minute: minutes = 0, second = 0 } = part;
  const shown = Date.UTC(year, month - 1, day, hours, minutes, second);
  return shown - (instant - (((instant % 1000) + 1000) % 1000));
}

/** Clocks that are put forward or back. */
export interface Transition {
  /** The first instant of the new offset. */
  at: number;
  before: number;
  after: number;
}

/**
 * The transition of a zone between two instants that are a few days apart; null where there is
 * none. Zones that change twice within so short a time are not known.
 */
export function transitionBetween(zone: string, from: number, to: number): Transition | null {
  const before = offsetAt(zone, from);
  const after = offsetAt(zone, to);
  if (before === after) return null;
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === before) low = middle;
    else high = middle;
  }
  return { at: high, before, after };
}

/** No zone is further from UTC than this, with a margin. */
export const farthestOffset = 16 * hour;
