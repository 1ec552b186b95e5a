import { describe, expect, test } from "vitest";
import { parseExpression } from "../../../src/schedule/cron/expression.ts";
import { chooseTimes, dueTimes } from "../../../src/schedule/execute/due.ts";
import { splitWords } from "../../../src/schedule/execute/words.ts";

const hourly = { expression: parseExpression("0 * * * *"), timezone: "UTC" };
const at = (time: string) => new Date(`2026-11-22T${time}Z`);
const shown = (times: readonly Date[]) => times.map((time) => time.toISOString().slice(11, 16));

describe("what is due", () => {
  test("is what passed since the last known time, that one left out and this moment included", () => {
    expect(shown(dueTimes(hourly, at("01:00:00"), at("04:00:00")))).toEqual([
      "02:00",
      "03:00",
      "04:00",
    ]);
    expect(dueTimes(hourly, at("01:00:00"), at("01:59:59.999"))).toEqual([]);
  });

  test("is looked for within a month, however long nothing ran", () => {
    const times = dueTimes(hourly, new Date(0), at("00:30:00"));
    expect(times).toHaveLength(31 * 24);
  });
});

describe("of what passed", () => {
  const times = dueTimes(hourly, at("00:30:00"), at("05:30:00"));
  const choose = (catchUp: "none" | "once" | "all", now: string, of: readonly Date[] = times) => {
    const { run, missed } = chooseTimes(of, catchUp, at(now));
    return { run: shown(run), missed: shown(missed) };
  };

  test.each([
    ["none", [], ["01:00", "02:00", "03:00", "04:00", "05:00"]],
    ["once", ["05:00"], ["01:00", "02:00", "03:00", "04:00"]],
    ["all", ["03:00", "04:00", "05:00"], ["01:00", "02:00"]],
  ] as const)("%s catches up as it says", (catchUp, run, missed) => {
    expect(choose(catchUp, "05:30:00")).toEqual({ run, missed });
  });

  test("the last is run by every policy when it passed just now", () => {
    expect(choose("none", "05:00:59")).toMatchObject({ run: ["05:00"] });
    expect(choose("none", "05:01:00")).toMatchObject({ run: [] });
  });

  test("nothing is nothing", () => {
    expect(choose("all", "05:30:00", [])).toEqual({ run: [], missed: [] });
  });
});

test("words are split as a shell splits them, and nothing is expanded", () => {
  expect(splitWords(String.raw` backup  create --name "a b"'c'\ d "" $HOME;`)).toEqual([
    "backup",
    "create",
    "--name",
    "a bc d",
    "",
    "$HOME;",
  ]);
  expect(() => splitWords("backup 'create")).toThrow("does not end");
});
