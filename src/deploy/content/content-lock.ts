import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, exitCodes } from "../../errors.ts";
import { ownIdentity } from "../../shell/process-identity.ts";
import { openLockFile } from "../../sqlite/lock-file.ts";
import type { StatePaths } from "../../state.ts";

/** Milliseconds; the longest hold is a first copy of all code and models. */
const longestWait = 300_000;

/**
 * The environments of a project share what is kept by content: one process at a time adds to it or
 * collects its garbage, which would else take away what another is about to link.
 */
export async function withContents<T>(paths: StatePaths, act: () => Promise<T> | T): Promise<T> {
  mkdirSync(paths.releases, { recursive: true, mode: 0o700 });
  const lock = openLockFile(join(paths.releases, "contents.lock"));
  const self = JSON.stringify(ownIdentity());
  try {
    const deadline = Date.now() + longestWait;
    while (!lock.tryAcquire(self)) {
      if (Date.now() > deadline) throw lockedError(paths);
      await sleep(50 + Math.random() * 50);
    }
    return await act();
  } finally {
    lock.close();
  }
}

function lockedError(paths: StatePaths): StudioError {
  return new StudioError({
    code: "releases.locked",
    message: `Another environment's operation has been at work in ${paths.releases} for too long.`,
    hint: "`studio history` shows what is under way; run the command again when it is done.",
    exitCode: exitCodes.locked,
  });
}
