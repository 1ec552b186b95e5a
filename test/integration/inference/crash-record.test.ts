import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  crashes,
  crashingAtOnce,
  divisionModel,
  writeModel,
} from "../../support/crashing-model.ts";

const program = join(import.meta.dirname, "crashing-pool.ts");
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-crashes-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  signal: string | null;
  states: { name: string; state: string; reason: string | null }[];
  ready: boolean;
  last: { signal: string | null; crash: { model: string; act: string } | null } | null;
}

interface Order {
  endedBy?: string | null;
  fatal?: boolean;
  load?: boolean;
}

/** One life of the process. */
function live({ endedBy = null, fatal = false, load = false }: Order = {}): Outcome {
  const order = JSON.stringify({ folder, endedBy, fatal, load });
  const { signal, stdout } = spawnSync(process.execPath, [program, order], { encoding: "utf8" });
  return { signal, ...(stdout === "" ? {} : (JSON.parse(stdout) as object)) } as Outcome;
}

describe.skipIf(!crashes)("a model that crashes as it is loaded", () => {
  test("is left out the fourth time, also where nobody saw the ends; others are served", () => {
    writeModel(folder, "division", crashingAtOnce());
    writeModel(folder, "sound", divisionModel(0));
    for (const _ of [1, 2, 3]) expect(live().signal).toBe("SIGFPE");
    const fourth = live();
    expect(fourth).toMatchObject({
      signal: null,
      ready: true,
      states: [
        {
          name: "division",
          state: "UNAVAILABLE",
          reason: expect.stringMatching(/2 times in a row while it was being loaded/) as string,
        },
        { name: "sound", state: "READY" },
      ],
      last: { signal: null, crash: { model: "division", act: "load" } },
    });
    // Also after a life that ended in good order; another file is another chance.
    expect(live()).toMatchObject({ signal: null, last: null });
    writeModel(folder, "division", divisionModel(0));
    expect(live().states).toMatchObject([{ state: "READY" }, { state: "READY" }]);
  }, 600_000);
});

describe.skipIf(!crashes)("a model that crashes as it computes", () => {
  beforeEach(() => {
    writeModel(folder, "division", divisionModel(0));
    writeModel(folder, "sound", divisionModel(0));
  });

  test("is left out after it did so twice while it was looked for, until it is asked for", () => {
    expect(live({ fatal: true }).signal).toBe("SIGFPE");
    expect(live({ fatal: true, endedBy: "SIGFPE" }).signal).toBe("SIGFPE");
    expect(live({ fatal: true, endedBy: "SIGFPE" }).signal).toBe("SIGFPE");
    const left = live({ endedBy: "SIGFPE" });
    expect(left).toMatchObject({
      signal: null,
      ready: true,
      last: { signal: "SIGFPE", crash: { model: "division", act: "run" } },
    });
    expect(left.states[0]?.reason).toMatch(
      /ended by SIGFPE 2 times in a row while it was computing/,
    );
    expect(live({ load: true }).states).toMatchObject([{ state: "READY" }, { state: "READY" }]);
    expect(live().states).toMatchObject([{ state: "READY" }, { state: "READY" }]);
    expect(existsSync(join(folder, "record"))).toBe(false);
  }, 600_000);

  test("is not blamed for what nobody saw, nor for what somebody killed", () => {
    for (const endedBy of [null, null, null, "SIGKILL", "SIGKILL", "SIGKILL"]) {
      expect(live({ fatal: true, endedBy }).signal).toBe("SIGFPE");
    }
    expect(live({ endedBy: "SIGKILL" }).states).toMatchObject([
      { state: "READY" },
      { state: "READY" },
    ]);
  }, 600_000);
});
