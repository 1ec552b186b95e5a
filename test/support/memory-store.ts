import type { Store } from "../../src/backup/store/store.ts";

export interface MemoryStore extends Store {
  readonly files: Map<string, Buffer>;
}

/** A store in memory. `before` is called ahead of each change and may throw, as a full disk does. */
export function memoryStore(before: (change: string) => void = () => undefined): MemoryStore {
  const files = new Map<string, Buffer>();
  const times = new Map<string, Date>();
  return {
    files,
    location: "memory",
    localDirectory: null,
    requestsAtOnce: 1,
    async put(key, content) {
      before(`put ${key}`);
      files.set(key, Buffer.from(content));
      times.set(key, new Date());
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
      before(`remove ${key}`);
      files.delete(key);
    },
    sync: async () => undefined,
    removeAbandoned: async () => undefined,
    close: async () => undefined,
  };
}
