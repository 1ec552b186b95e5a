import { Cron } from "croner";
import { describe, expect, it } from "vitest";
import { parseExpression } from "../../../src/schedule/cron/expression.ts";
import { firings, nextFiring } from "../../../src/schedule/cron/firings.ts";
import { offsetAt } from "../../../src/schedule/cron/zone.ts";
import { rounds, stride, timeLimit } from "../../support/every.ts";
import { randomExpression } from "../../support/random-cron.ts";
import { randomFrom } from "../../support/random.ts";

const hour = 3_600_000;
const day = 24 * hour;

function firingsOf(text: string, zone: string, from: string, count: number): string[] {
  const found: string[] = [];
  for (const firing of firings(parseExpression(text), zone, new Date(from))) {
    if (found.push(firing.toISOString().slice(0, 16)) === count) break;
  }
  return found;
}

/** Every instant of a span, as milliseconds. */
function spanOf(text: string, zone: string, from: number, to: number): number[] {
  const found: number[] = [];
  for (const firing of firings(parseExpression(text), zone, new Date(from - 1))) {
    if (firing.getTime() >= to) break;
    found.push(firing.getTime());
  }
  return found;
}

const localDay = (zone: string, instant: number): number =>
  Math.floor((instant + offsetAt(zone, instant)) / day);

describe("firings", () => {
  it("are after the given instant, never at it", () => {
    expect(firingsOf("0 2 * * *", "UTC", "2026-11-21T02:00:00Z", 1)).toEqual(["2026-11-22T02:00"]);
    expect(firingsOf("0 2 * * *", "UTC", "2026-11-21T01:59:59.999Z", 1)).toEqual([
      "2026-11-21T02:00",
    ]);
  });

  it("are at the time that the clocks of the zone show", () => {
    expect(firingsOf("30 5 * * *", "Asia/Kolkata", "2026-01-01T00:00:00Z", 2)).toEqual([
      "2026-01-02T00:00",
      "2026-01-03T00:00",
    ]);
    expect(firingsOf("0 0 1 1 *", "Pacific/Kiritimati", "2026-06-01T00:00:00Z", 1)).toEqual([
      "2026-12-31T10:00",
    ]);
  });

  it("take a day that fits either day field", () => {
    expect(firingsOf("0 0 13 * 5", "UTC", "2026-11-01T00:00:00Z", 4)).toEqual([
      "2026-11-06T00:00",
      "2026-11-13T00:00",
      "2026-11-20T00:00",
      "2026-11-27T00:00",
    ]);
  });

  it("wait eight years for a leap day, and not for one that never comes", () => {
    expect(firingsOf("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", 1)).toEqual(["2104-02-29T00:00"]);
    expect(nextFiring(parseExpression("0 0 30 2 *"), "UTC", new Date())).toBeNull();
  });

  it("happen once at fixed times when clocks are put forward over them", () => {
    const from = "2027-03-13T12:00:00Z";
    expect(firingsOf("0 2 * * *", "America/New_York", from, 2)).toEqual([
      "2027-03-14T07:00",
      "2027-03-15T06:00",
    ]);
    expect(firingsOf("0,30 2 * * *", "America/New_York", from, 2)).toEqual([
      "2027-03-14T07:00",
      "2027-03-15T06:00",
    ]);
  });

  it("happen once at fixed times, and again on the clock's, when an hour is repeated", () => {
    const from = "2027-11-07T04:00:00Z";
    expect(firingsOf("30 1 * * *", "America/New_York", from, 2)).toEqual([
      "2027-11-07T05:30",
      "2027-11-08T06:30",
    ]);
    expect(firingsOf("*/30 1 * * *", "America/New_York", from, 5)).toEqual([
      "2027-11-07T05:00",
      "2027-11-07T05:30",
      "2027-11-07T06:00",
      "2027-11-07T06:30",
      "2027-11-08T06:00",
    ]);
  });
});

const from = Date.UTC(2026, 0, 1);
const to = Date.UTC(2031, 0, 1);
const zones = Intl.supportedValuesOf("timeZone").filter((_, place) => place % stride(15) === 0);

describe("in every time zone, over five years", () => {
  it(
    "a daily job fires once on each local day",
    () => {
      for (const zone of zones) {
        const days = spanOf("30 2 * * *", zone, from, to).map((one) => localDay(zone, one));
        const first = days[0] ?? 0;
        expect(days, zone).toEqual(days.map((_, place) => first + place));
        expect(days.length, zone).toBeGreaterThanOrEqual(5 * 365);
      }
    },
    timeLimit(120_000),
  );

  it(
    "an hourly job fires once in each real hour",
    () => {
      for (const zone of zones) {
        const fired = spanOf("0 * * * *", zone, from, to);
        const odd = fired.filter((one, place) => {
          const before = fired[place - 1];
          if (before === undefined || one - before === hour) return false;
          // Where clocks are moved by half an hour, full hours are not an hour apart.
          return (offsetAt(zone, one) - offsetAt(zone, before)) % hour === 0;
        });
        expect(odd, zone).toEqual([]);
      }
    },
    timeLimit(120_000),
  );
});

describe("random expressions", () => {
  it(
    "fire at the times that another implementation finds",
    () => {
      const random = randomFrom(11);
      for (let round = 0; round < rounds(300, 10_000); round += 1) {
        const text = randomExpression(random);
        const start = new Date(from + random.below(5 * 365) * day + random.below(day));
        // That one knows a star in a day field only where it stands alone.
        const [, , days = "", , weekdays = ""] = text.split(" ");
        if (days.startsWith("*/") || weekdays.startsWith("*/")) continue;
        const others = new Cron(text, { utcOffset: 0, paused: true }).nextRuns(50, start);
        const expected = others.map((one) => one.toISOString().slice(0, 16));
        expect(firingsOf(text, "UTC", start.toISOString(), 50), text).toEqual(expected);
      }
    },
    timeLimit(60_000),
  );
});
