import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "./programs.ts";

/** Where Debian's package `faketime` lies; null, after saying so, where it is not installed. */
export function findFalseClock(): string | null {
  if (findProgram("faketime", "clocks that jump") === null) return null;
  const library = "faketime/libfaketimeMT.so.1";
  const folders = existsSync("/usr/lib") ? readdirSync("/usr/lib") : [];
  const found = folders.map((folder) => join("/usr/lib", folder, library)).find(existsSync);
  return found ?? null;
}

export interface FalseClock {
  /** For the processes that are to go by it. */
  env: Record<string, string>;
  now(): number;
  /** Puts it forward, or back, for all of them at once. Milliseconds. */
  jump(milliseconds: number): void;
}

/** A wall clock that shows `begins` now. Timers go on as they do: they are not set by it. */
export function falseClock(library: string, file: string, begins: Date): FalseClock {
  // Whole seconds, as the library reads them.
  let ahead = Math.round((begins.getTime() - Date.now()) / 1000) * 1000;
  const set = () => writeFileSync(file, `${ahead < 0 ? "" : "+"}${ahead / 1000}\n`);
  set();
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      NO_FAKE_STAT: "1",
    },
    now: () => Date.now() + ahead,
    jump(milliseconds) {
      ahead += milliseconds;
      set();
    },
  };
}
