import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { StudioError, exitCodes } from "../errors.ts";
import { currentProcess, isOwnProcess, processState } from "./holder.ts";
import type { ProcessIdentity } from "./holder.ts";
import { locksFolder } from "./format/layout.ts";
import { isRecord } from "./format/record.ts";
import type { Clock } from "./open-repository.ts";
import type { Store } from "./store/store.ts";

export interface RepositoryLock {
  /** Throws when the lock was taken over meanwhile; to be called before anything final. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

export interface LockOptions {
  store: Store;
  /** What the holder does, for the message to others: "creating snapshot …". */
  purpose: string;
  now: Clock;
  /** How long to wait for another holder, in milliseconds; the default is not at all. */
  wait?: number | undefined;
  signal?: AbortSignal | undefined;
}

interface Holder extends ProcessIdentity {
  purpose: string;
  since: string;
  beat: string;
}

const beatEvery = 10_000;
/** A holder that cannot be looked at directly counts as dead after this long without a beat. */
const silence = 60_000;
const furthestClock = 3_600_000;
/** How long a contender may take to see that it has to withdraw, in milliseconds. */
const withdrawal = 10_000;

/**
 * Takes the one lock of a repository. Each contender writes a record under a name of its own and
 * then looks at all others: whoever sees a living one withdraws. So two never hold it together,
 * the store needs no atomic test-and-set, and the record of a dead holder can be removed by
 * anyone. A dead process is recognised at once on its own machine, else by its missed heartbeats.
 */
async function acquireLock(options: LockOptions): Promise<RepositoryLock> {
  const deadline = performance.now() + (options.wait ?? 0);
  for (let attempt = 1; ; attempt += 1) {
    options.signal?.throwIfAborted();
    const outcome = await contend(options);
    if ("release" in outcome) return outcome;
    const late = performance.now() >= deadline;
    // Two that met at the same moment both withdrew: a few random pauses separate them.
    if (late && (!outcome.met || attempt > 5)) throw lockedError(outcome.holder, options.store);
    await delay(20 + Math.random() * (outcome.met ? 200 : 1000));
  }
}

/** Runs an action under the lock and releases it, however the action ends. */
export async function withLock<T>(
  options: LockOptions,
  action: (lock: RepositoryLock) => Promise<T>,
): Promise<T> {
  const lock = await acquireLock(options);
  try {
    return await action(lock);
  } finally {
    await lock.release();
  }
}

/** Records of this process that mean something: a key holds 64 random bits. */
const held = new Set<string>();

interface Refusal {
  holder: Holder;
  /** Both contenders arrived together. */
  met: boolean;
}

async function contend(options: LockOptions): Promise<RepositoryLock | Refusal> {
  const { store, now } = options;
  const earlier = await livingHolder(store, now, null);
  if (earlier !== null) return { holder: earlier, met: false };
  const key = `${locksFolder}${randomBytes(8).toString("hex")}.json`;
  const time = now().toISOString();
  const holder = { ...currentProcess(), purpose: options.purpose, since: time, beat: time };
  // Before it can be seen: another contender of this process must not take it for a leftover.
  held.add(key);
  try {
    await store.put(key, encode(holder));
    const other = await livingHolder(store, now, key);
    if (other === null) return heldLock(store, key, holder, now);
    held.delete(key);
    await store.remove(key);
    return { holder: other, met: true };
  } catch (error) {
    // The record may be there: whoever sees it then takes it for that of a dead one.
    held.delete(key);
    await store.remove(key).catch(() => undefined);
    throw error;
  }
}

function heldLock(store: Store, key: string, holder: Holder, now: Clock): RepositoryLock {
  let beating: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    beating = beating.then(() => beat(store, key, holder, now)).catch(() => undefined);
  }, beatEvery);
  timer.unref();
  return {
    async assertHeld() {
      if (await isStillHeld(store, key, now)) return;
      throw new StudioError({
        code: "backup.lockLost",
        message: `The lock on the repository ${store.location} was taken over by another process, because this one did not answer for a while.`,
        hint: "Nothing was committed. Run the command again.",
        exitCode: exitCodes.locked,
      });
    },
    async release() {
      clearInterval(timer);
      await beating;
      held.delete(key);
      // A record that cannot be removed is nobody's, and the next one to come sees that.
      await store.remove(key).catch(() => undefined);
    },
  };
}

/** Another record beside our own is usually that of a contender who is about to withdraw. */
async function isStillHeld(store: Store, key: string, now: Clock): Promise<boolean> {
  const deadline = performance.now() + withdrawal;
  for (;;) {
    const other = await livingHolder(store, now, key);
    if ((await store.get(key)) === null) return false;
    if (other === null) return true;
    if (performance.now() >= deadline) return false;
    await delay(50);
  }
}

async function beat(store: Store, key: string, holder: Holder, now: Clock): Promise<void> {
  // A record that is gone was taken over: writing it again would hide that from assertHeld.
  if ((await store.get(key)) === null) return;
  await store.put(key, encode({ ...holder, beat: now().toISOString() }));
}

/** The first living holder besides `own`; records of dead ones are removed on the way. */
async function livingHolder(store: Store, now: Clock, own: string | null): Promise<Holder | null> {
  for await (const { key } of store.list(locksFolder)) {
    if (key === own) continue;
    const bytes = await store.get(key);
    if (bytes === null) continue;
    const holder = decode(bytes);
    if (holder !== null && isAlive(holder, key, now())) return holder;
    await store.remove(key);
  }
  return null;
}

function isAlive(holder: Holder, key: string, now: Date): boolean {
  const state = processState(holder);
  if (state === "alive" && isOwnProcess(holder)) return held.has(key);
  if (state !== "unknown") return state === "alive";
  const quiet = now.getTime() - Date.parse(holder.beat);
  return quiet < silence && quiet > -furthestClock;
}

function encode(holder: Holder): Buffer {
  return Buffer.from(`${JSON.stringify(holder)}\n`);
}

function decode(bytes: Buffer): Holder | null {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return isHolder(value) ? value : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder {
  return isRecord(value) && typeof value["pid"] === "number" && typeof value["beat"] === "string";
}

function lockedError(holder: Holder, store: Store): StudioError {
  return new StudioError({
    code: "backup.locked",
    message: `The repository ${store.location} is in use: process ${holder.pid} on ${holder.host} has been ${holder.purpose} since ${holder.since}.`,
    hint: "Wait until it is done. A process that died gives the repository free by itself.",
    exitCode: exitCodes.locked,
    details: { pid: holder.pid, host: holder.host, since: holder.since, purpose: holder.purpose },
  });
}
