import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createMasker } from "../../../src/cli/mask.ts";
import { StudioError, exitCodes } from "../../../src/errors.ts";
import { readEntries } from "../../../src/ledger/journal.ts";
import { openLedger } from "../../../src/ledger/ledger.ts";
import { listOperations } from "../../../src/ledger/operations.ts";
import { faultsFrom } from "../../../src/operation/faults.ts";
import { type Desk, perform } from "../../../src/operation/perform.ts";
import { type Step, nothingToProbe, nothingToUndo } from "../../../src/operation/step.ts";
import { statePaths } from "../../../src/state.ts";

const secret = "planted-9f8e7d6c5b4a";

function createDesk(): Desk {
  const folder = mkdtempSync(join(tmpdir(), "studio-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const masker = createMasker();
  masker.add(secret);
  const ignore = () => {};
  return {
    environment: "local",
    paths: statePaths(folder, "local"),
    user: "somebody",
    host: "somewhere",
    version: "1.0.0",
    signal: new AbortController().signal,
    observer: {
      plan: ignore,
      started: ignore,
      ended: ignore,
      say: ignore,
      note: ignore,
      close: async () => {},
    },
    faults: faultsFrom(undefined),
    now: () => new Date(),
    mask: (text) => masker.mask(text),
    lockWait: 0,
  };
}

const usual = { title: "Act", probe: nothingToProbe, undo: nothingToUndo };

function failure(): StudioError {
  return new StudioError({
    code: "health.failed",
    message: `It said ${secret}.`,
    hint: `Look for ${secret}.`,
    exitCode: exitCodes.undone,
    details: { log: ["begins", `password=${secret}`] },
  });
}

function run(desk: Desk, steps: readonly Step[]) {
  return perform(desk, "deploy", async () => ({ kind: "deploy", message: null, input: {}, steps }));
}

function stateOf({ paths }: Desk): string {
  return readdirSync(paths.root)
    .filter((name) => name.startsWith("state.db"))
    .map((name) => readFileSync(join(paths.root, name), "latin1"))
    .join("");
}

test("what failed, was noted or could not be undone is told without the secrets in it", async () => {
  const desk = createDesk();
  const steps: Step[] = [
    {
      ...usual,
      id: "skipped",
      skip: () => `as ${secret} says`,
      do: async () => null,
    },
    {
      ...usual,
      id: "first",
      do: async (step) => step.note(`it wrote ${secret}`),
      undo: async () => {
        throw new Error(`refused ${secret}`);
      },
    },
    {
      ...usual,
      id: "second",
      do: async () => {
        throw failure();
      },
    },
  ];
  await expect(run(desk, steps)).rejects.toMatchObject({ exitCode: exitCodes.notUndone });
  const ledger = openLedger(desk.paths.ledger);
  const [row] = listOperations(ledger, "local", 1);
  const entries = readEntries(ledger, row?.id ?? "");
  ledger.close();
  expect(entries.find(({ event }) => event === "failed")?.data).toEqual({
    code: "health.failed",
    message: "It said (secret).",
    hint: "Look for (secret).",
    exitCode: exitCodes.undone,
    details: { log: ["begins", "password=(secret)"] },
  });
  const told = (wanted: string) => entries.find(({ event }) => event === wanted)?.data;
  expect(told("note")).toBe("it wrote (secret)");
  expect(told("skipped")).toBe("as (secret) says");
  expect(told("undo-failed")).toBe("refused (secret)");
  expect(stateOf(desk)).not.toContain(secret);
});

test("so are the error of an operation that was undone, and the warnings of one that succeeded", async () => {
  const desk = createDesk();
  const fails = async () => {
    throw failure();
  };
  await expect(run(desk, [{ ...usual, id: "act", do: fails }])).rejects.toThrow("was undone");
  await run(desk, [{ ...usual, id: "tidy", kind: "final", do: fails }]);
  const ledger = openLedger(desk.paths.ledger);
  const [succeeded, undone] = listOperations(ledger, "local", 2);
  ledger.close();
  expect(undone?.error?.message).toBe("It said (secret).");
  expect(succeeded?.result).toMatchObject({ warnings: ["Act: It said (secret)."] });
  expect(stateOf(desk)).not.toContain(secret);
});

test("what a step returns is kept as it is, for those who read it again", async () => {
  const desk = createDesk();
  let read: unknown = null;
  await run(desk, [
    { ...usual, id: "act", do: async () => ({ file: `/srv/${secret}` }) },
    { ...usual, id: "next", do: async ({ results }) => void (read = results.get("act")) },
  ]);
  expect(read).toEqual({ file: `/srv/${secret}` });
});
