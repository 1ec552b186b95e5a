import { expect, test } from "vitest";
import { judgeBackup } from "../../../src/doctor/data-checks.ts";

const now = new Date("2026-11-20T12:00:00Z");
const snapshot = (created: string, ok: boolean | null) => ({
  id: "20261120T020000Z-aaaa",
  created,
  verification: ok === null ? null : { at: created, ok },
});

test("a backup of today that was read back is in order", () => {
  expect(judgeBackup(snapshot("2026-11-20T02:00:00Z", true), now).state).toBe("ok");
});

test("a backup older than two days is wrong", () => {
  expect(judgeBackup(snapshot("2026-11-18T11:59:59Z", true), now).state).toBe("wrong");
});

test("a backup that was never read back, or is damaged, is wrong", () => {
  const { state, fix } = judgeBackup(snapshot("2026-11-20T02:00:00Z", null), now);
  expect([state, fix]).toEqual(["wrong", "studio backup verify 20261120T020000Z-aaaa"]);
  expect(judgeBackup(snapshot("2026-11-20T02:00:00Z", false), now).found).toContain("damaged");
});
