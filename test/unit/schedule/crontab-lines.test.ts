import { describe, expect, test } from "vitest";
import { blockId, crontabLines } from "../../../src/schedule/backends/crontab-lines.ts";
import { wakeFields } from "../../../src/schedule/backends/wake-times.ts";
import { parseExpression } from "../../../src/schedule/cron/expression.ts";
import { firings } from "../../../src/schedule/cron/firings.ts";
import { type Random, randomFrom } from "../../support/random.ts";
import { placeWith } from "../../support/schedule-place.ts";

const now = new Date("2026-11-22T00:00:00Z");
const fieldsOf = (cron: string, timezone: string, host: string) =>
  wakeFields({ cron, expression: parseExpression(cron), timezone }, host, now);

describe("the fields of a line", () => {
  test.each([
    ["0 2 * * *", "UTC", "Etc/UTC", "0 2 * * *"],
    ["*/5 8-10 1 jan mon,fri", "Europe/Berlin", "Europe/Paris", "*/5 8,9,10 1 1 1,5"],
    ["@daily", "UTC", "UTC", "0 0 * * *"],
    ["0 0 * * 7", "UTC", "UTC", "0 0 * * 0"],
  ])("%s of %s are its own on a host in %s", (cron, zone, host, fields) => {
    expect(fieldsOf(cron, zone, host)).toBe(fields);
  });

  test("look at each minute at which another zone may have it due", () => {
    expect(fieldsOf("30 2 * * *", "America/New_York", "UTC")).toBe("0,30 6,7 * * *");
    expect(fieldsOf("15 2 * * 1", "Asia/Kolkata", "UTC")).toBe("45 20 * * *");
  });

  test("look each hour where the host's own clocks are changed", () => {
    expect(fieldsOf("0 2 * * *", "UTC", "Europe/Berlin")).toBe("0 * * * *");
  });
});

function randomExpression(random: Random): string {
  const minute = random.pick(["*", "*/7", "0", "30", String(random.below(60)), "5,50"]);
  const hour = random.pick(["*", "*/3", "0", "2", String(random.below(24)), "1-3"]);
  const day = random.pick(["*", "*", "13", "1-7"]);
  const weekday = random.pick(["*", "*", "0", "fri"]);
  return `${minute} ${hour} ${day} * ${weekday}`;
}

test("cron wakes at every firing, whatever the zones of job and host", () => {
  const random = randomFrom(11);
  const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"];
  for (let round = 0; round < 60; round += 1) {
    const cron = randomExpression(random);
    const [zone, host] = [random.pick(zones), random.pick(zones)];
    const wakes = parseExpression(fieldsOf(cron, zone, host));
    for (const due of firings(parseExpression(cron), zone, now).take(20)) {
      const before = new Date(due.getTime() - 1);
      const [wake] = firings(wakes, host, before).take(1);
      expect(wake, `${cron} of ${zone} on ${host}`).toEqual(due);
    }
  }
});

test("a line has absolute paths, its percent signs escaped, and the PATH of who installed it", () => {
  const place = placeWith({});
  const [job] = placeWith({ job: { cron: "0 2 * * *", shell: "true" } }).jobs;
  if (job === undefined) throw new Error("no job");
  const service = { ...place.service, directory: "/srv/it's 100%", program: "/opt/é/studio.js" };
  const own = { ...place, service, jobs: [job] };
  const text = crontabLines({ place: own, zone: "UTC", path: "/usr/bin:.:/opt/bin:/usr/bin" });
  const [line, atBoot] = Buffer.from(text, "latin1")
    .toString("utf8")
    .split(/(?<=\n)/);
  expect(atBoot).toBe(line?.replace("0 2 * * *", "@reboot"));
  expect(line).toBe(
    String.raw`0 2 * * * cd '/srv/it'\''s 100\%' && PATH='/usr/bin:/opt/bin' '${process.execPath}' '/opt/é/studio.js' 'schedule' 'exec' 'job' '--by' 'crontab' '--env' 'local'` +
      "\n",
  );
  expect(() => crontabLines({ place: own, zone: "UTC", path: `/${"x".repeat(900)}` })).toThrow(
    "where cron takes 998",
  );
  expect(blockId(own)).toMatch(/^shop\/local\/[0-9a-f]{8}$/);
  expect(blockId(own)).not.toBe(blockId(place));
});

test("a job that does not catch up is not called when the machine is switched on", () => {
  const place = placeWith({ job: { cron: "0 2 * * *", shell: "true", catchUp: "none" } });
  const text = crontabLines({ place, zone: "UTC", path: undefined });
  expect(text).not.toContain("@reboot");
  expect(text.trim().split("\n")).toHaveLength(1);
});
