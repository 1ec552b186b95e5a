import { describe, expect, test } from "vitest";
import { releaseCompatibility } from "../../../src/migrate/compatibility.ts";
import { type MigrationFile, journalOf, migrationFile } from "./rows.ts";

const known = [migrationFile(1), migrationFile(2)];
const compatible = migrationFile(3, { compatible: true });
const breaking = migrationFile(4);
const oneWay = migrationFile(4, { reversible: false });

function judge(applied: MigrationFile[], knownToRelease = known, available = applied) {
  const answer = releaseCompatibility({ applied: journalOf(applied), knownToRelease, available });
  return { ...answer, extra: answer.extra.map(({ name }) => name) };
}

describe("a release may run on a newer schema", () => {
  test("when it knows all of it", () => {
    expect(judge(known)).toEqual({ verdict: "same", extra: [], returnTo: known[1]?.name });
    expect(judge([]).verdict).toBe("same");
  });

  test("when all that it does not know says so", () => {
    expect(judge([...known, compatible])).toMatchObject({
      verdict: "compatible",
      extra: [compatible.name],
    });
  });

  test("after reverting from the first migration that does not say so", () => {
    expect(judge([...known, compatible, breaking, migrationFile(5)])).toEqual({
      verdict: "reversible",
      extra: [compatible.name, breaking.name, migrationFile(5).name],
      returnTo: compatible.name,
    });
  });
});

describe("a release may not run on a newer schema", () => {
  test.each([
    ["a breaking migration has no down", [...known, oneWay], undefined],
    [
      "a later one has no down",
      [...known, breaking, migrationFile(5, { reversible: false })],
      undefined,
    ],
    ["the file to revert with is gone", [...known, breaking], known],
    [
      "the file to revert with was edited",
      [...known, breaking],
      [...known, { ...breaking, checksum: "x" }],
    ],
    [
      "reverting would take away what it needs",
      [migrationFile(1), breaking, migrationFile(2)],
      undefined,
    ],
  ])("when %s", (_case, applied, available) => {
    expect(judge(applied, known, available).verdict).toBe("blocked");
  });

  test("when it knows another migration by the same name", () => {
    const other = [migrationFile(1), migrationFile(2, { checksum: "another" })];
    expect(judge(known, other)).toMatchObject({
      verdict: "reversible",
      extra: [known[1]?.name],
      returnTo: known[0]?.name,
    });
  });
});
