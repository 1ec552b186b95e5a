import type { Store } from "../../src/backup/store/store.ts";
import type { Random } from "./random.ts";

export interface ForgetfulStore extends Store {
  /** How many changes were made so far. */
  readonly changes: number;
  /** The power is cut at the n-th change from now on; 0: it is not. */
  cutAt(n: number): void;
  /** What is there once the power is back: any part of what was not synced is lost. */
  reboot(random: Random): void;
}

class PowerCut extends Error {}

/** Whether an error, or what caused it, is the cut. */
export function isPowerCut(error: unknown): boolean {
  return error instanceof PowerCut;
}

/**
 * A store in memory on which nothing outlasts a power cut but what was synced: of the other changes
 * some do and some do not, whatever their order was.
 */
export function forgetfulStore(): ForgetfulStore {
  let files = new Map<string, Buffer>();
  let durable = new Map<string, Buffer>();
  let unsynced: { key: string; content: Buffer | null }[] = [];
  let [changes, cut, isOff] = [0, 0, false];
  const times = new Map<string, Date>();

  function change(): void {
    changes += 1;
    if (changes === cut) isOff = true;
    if (isOff) throw new PowerCut("The power was cut.");
  }

  return {
    get changes() {
      return changes;
    },
    cutAt(n) {
      cut = n === 0 ? 0 : changes + n;
    },
    reboot(random) {
      for (const { key, content } of unsynced) {
        if (random.below(2) === 0) continue;
        if (content === null) durable.delete(key);
        else durable.set(key, content);
      }
      unsynced = [];
      files = new Map(durable);
      [isOff, cut] = [false, 0];
    },
    requestsAtOnce: 1,
    location: "memory",
    localDirectory: null,
    async put(key, content) {
      change();
      files.set(key, Buffer.from(content));
      times.set(key, new Date());
      unsynced.push({ key, content: Buffer.from(content) });
    },
    async putNew(key, content) {
      if (files.has(key)) return false;
      await this.put(key, content);
      return true;
    },
    get: async (key) => {
      const found = files.get(key);
      return found === undefined ? null : Buffer.from(found);
    },
    async *list(folder) {
      for (const [key, content] of files) {
        if (!key.startsWith(folder)) continue;
        yield { key, size: content.length, modified: times.get(key) ?? new Date(0) };
      }
    },
    async remove(key) {
      change();
      if (files.delete(key)) unsynced.push({ key, content: null });
    },
    async sync() {
      change();
      durable = new Map(files);
      unsynced = [];
    },
    removeAbandoned: async () => undefined,
    close: async () => undefined,
  };
}
