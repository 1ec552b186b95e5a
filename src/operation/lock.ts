import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, exitCodes } from "../errors.ts";
import { type ProcessIdentity, ownIdentity } from "../shell/process-identity.ts";
import { type LockFile, holderOf, openLockFile } from "../sqlite/lock-file.ts";

export interface LockHolder extends ProcessIdentity {
  operation: string;
  kind: string;
  user: string;
  since: string;
}

export interface Lock {
  release(): void;
}

export interface LockRequest {
  file: string;
  environment: string;
  holder: Omit<LockHolder, keyof ProcessIdentity>;
  /** Milliseconds to wait for another holder; 0 fails at once. */
  wait: number;
  signal?: AbortSignal;
}

/** Takes the one lock of an environment, a lock file that is free once its holder is dead. */
export async function acquireLock(request: LockRequest): Promise<Lock> {
  mkdirSync(dirname(request.file), { recursive: true, mode: 0o700 });
  const holder: LockHolder = { ...request.holder, ...ownIdentity() };
  const lock = openLockFile(request.file);
  try {
    await waitFor(lock, request, JSON.stringify(holder));
  } catch (error) {
    lock.close();
    throw error;
  }
  return { release: () => lock.close() };
}

async function waitFor(lock: LockFile, request: LockRequest, holder: string): Promise<void> {
  const deadline = Date.now() + request.wait;
  while (!lock.tryAcquire(holder)) {
    if (Date.now() >= deadline) throw lockedError(request, parseHolder(lock.holder()));
    await sleep(100 + Math.random() * 100, undefined, { signal: request.signal });
  }
}

/** Who holds the lock at this moment; null when it is free. */
export function currentHolder(file: string): LockHolder | null {
  return parseHolder(holderOf(file));
}

function parseHolder(text: string | null): LockHolder | null {
  return text === null ? null : (JSON.parse(text) as LockHolder);
}

function lockedError(request: LockRequest, holder: LockHolder | null): StudioError {
  const who =
    holder === null
      ? "another process"
      : `${holder.user} (process ${holder.pid}) since ${holder.since}, doing "${holder.kind}" (operation ${holder.operation})`;
  return new StudioError({
    code: "operation.locked",
    message: `The environment "${request.environment}" is locked by ${who}. Nothing was changed.`,
    hint: "Wait for it, or give --lock-wait 5m to wait here. `studio history` shows how it ends.",
    exitCode: exitCodes.locked,
    details: holder,
  });
}
