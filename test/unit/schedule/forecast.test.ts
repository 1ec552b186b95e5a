import { expect, test } from "vitest";
import { parseExpression } from "../../../src/schedule/cron/expression.ts";
import { forecast } from "../../../src/schedule/cron/forecast.ts";

const now = new Date("2026-11-22T00:00:00Z");

const job = (cron: string, timezone: string) => ({
  name: "job",
  expression: parseExpression(cron),
  timezone,
});

test("a time that the clocks skip is told, with when the job runs instead", () => {
  const [surprise, ...others] = forecast([job("30 2 * * *", "America/New_York")], now);
  expect(surprise).toEqual({
    job: "job",
    timezone: "America/New_York",
    kind: "skipped",
    at: "2027-03-14T07:00:00.000Z",
    runsAt: ["2027-03-14T07:00:00.000Z"],
    sentence:
      "job: the clocks of America/New_York skip its time (Sun 2027-03-14 01:59 EST to " +
      "Sun 2027-03-14 03:00 EDT); it runs at Sun 2027-03-14 03:00 EDT.",
  });
  expect(others).toEqual([]);
});

test("a time that comes twice is told, and that the job runs once", () => {
  const found = forecast([job("30 1 * * *", "America/New_York")], now);
  expect(found).toMatchObject([{ kind: "repeated", runsAt: ["2027-11-07T05:30:00.000Z"] }]);
});

test("nothing surprises in UTC, where clocks are followed, or at other times and on other days", () => {
  expect(forecast([job("30 2 * * *", "UTC")], now)).toEqual([]);
  expect(forecast([job("30 * * * *", "America/New_York")], now)).toEqual([]);
  expect(forecast([job("0 3 * * *", "America/New_York")], now)).toEqual([]);
  expect(forecast([job("30 2 * * 3", "America/New_York")], now)).toEqual([]);
});
