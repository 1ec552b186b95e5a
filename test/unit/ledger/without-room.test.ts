import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openLedger } from "../../../src/ledger/ledger.ts";
import { readIntoMemory } from "../../../src/ledger/without-room.ts";

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "studio-ledger-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a ledger that nobody writes to can be read where there is no room beside it", () => {
  const file = join(emptyFolder(), "state.db");
  openLedger(file).close();
  const copy = readIntoMemory(file);
  expect(copy?.prepare("SELECT count(*) AS count FROM operations").get()).toEqual({ count: 0 });
  copy?.close();
});

test("one whose log holds more than the file is not taken for the whole", () => {
  const file = join(emptyFolder(), "state.db");
  const writer = openLedger(file);
  expect(readIntoMemory(file)).toBeNull();
  writer.close();
});
