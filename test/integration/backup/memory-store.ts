import type { Store } from "../../../src/backup/store.ts";

export interface MemoryStore extends Store {
  readonly objects: Map<string, Buffer>;
}

/** A store in memory. `before` is called ahead of each change and may throw, as a full disk does. */
export function memoryStore(before: (action: string) => void = () => undefined): MemoryStore {
  const objects = new Map<string, Buffer>();
  const below = (folder: string): string[] =>
    [...objects.keys()].filter((key) => key.startsWith(`${folder}/`));
  return {
    objects,
    location: "memory",
    localDirectory: null,
    async put(key, content) {
      before(`put ${key}`);
      objects.set(key, Buffer.from(content));
    },
    async create(key) {
      before(`create ${key}`);
      const pieces: Buffer[] = [];
      return {
        async write(bytes) {
          before(`write ${key}`);
          pieces.push(Buffer.from(bytes));
        },
        async commit() {
          before(`commit ${key}`);
          objects.set(key, Buffer.concat(pieces));
        },
        abort: async () => undefined,
      };
    },
    get: async (key) => objects.get(key) ?? null,
    async open(key) {
      const bytes = objects.get(key);
      if (bytes === undefined) return null;
      return {
        size: bytes.length,
        read: async (offset, length) => bytes.subarray(offset, offset + length),
        close: async () => undefined,
      };
    },
    async list(folder) {
      const names = below(folder).map((key) => key.slice(folder.length + 1).split("/")[0] ?? "");
      return [...new Set(names)];
    },
    async remove(key) {
      objects.delete(key);
    },
    async removeFolder(folder) {
      for (const key of below(folder)) objects.delete(key);
    },
    removeAbandoned: async () => undefined,
  };
}
