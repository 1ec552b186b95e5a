import { describe, expect, it } from "vitest";
import { parseExpression } from "../../../src/schedule/cron/expression.ts";

describe("a cron expression", () => {
  it("is five fields of values, ranges, steps and lists", () => {
    expect(parseExpression("*/20 1,3-5 1-31/15 feb,DEC mon-wed")).toEqual({
      minutes: [0, 20, 40],
      hours: [1, 3, 4, 5],
      days: [1, 16, 31],
      months: [2, 12],
      weekdays: [1, 2, 3],
      eitherDay: true,
      followsClock: true,
    });
  });

  it("knows Sunday as 0 and as 7", () => {
    expect(parseExpression("0 0 * * 7").weekdays).toEqual([0]);
    expect(parseExpression("0 0 * * 5-7").weekdays).toEqual([0, 5, 6]);
    expect(parseExpression("0 0 * * *").weekdays).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("may be a word", () => {
    expect(parseExpression("@daily")).toEqual(parseExpression("0 0 * * *"));
    expect(parseExpression("@Weekly")).toEqual(parseExpression("0 0 * * 0"));
    expect(parseExpression(" @hourly ")).toEqual(parseExpression("0 * * * *"));
  });

  it("combines its day fields as cron does: either, unless one begins with a star", () => {
    expect(parseExpression("0 0 13 * 5").eitherDay).toBe(true);
    expect(parseExpression("0 0 13 * *").eitherDay).toBe(false);
    expect(parseExpression("0 0 */2 * 5").eitherDay).toBe(false);
  });

  it.each([
    ["0 2 * *", "has 4 fields"],
    ["0 0 2 * * *", "has 6 fields"],
    ["60 0 * * *", '"60" is no minute'],
    ["0 24 * * *", '"24" is no hour'],
    ["0 0 0 * *", '"0" is no day of month'],
    ["0 0 * 13 *", '"13" is no month'],
    ["0 0 * * 8", '"8" is no day of week'],
    ["0 0 * foo *", '"foo" is no month'],
    ["5/10 * * * *", '"5/10" is no minute'],
    ["*/0 * * * *", '"*/0" is no minute'],
    ["9-5 * * * *", '"9-5" is no minute'],
    ["1,,2 * * * *", '"" is no minute'],
    ["-1 * * * *", '"-1" is no minute'],
    ["0 0 L * *", '"L" is no day of month'],
    ["0~30 * * * *", '"0~30" is no minute'],
    ["@reboot", "has 1 fields"],
  ])("is refused where it is not one: %s", (text, message) => {
    expect(() => parseExpression(text)).toThrow(message);
  });
});
