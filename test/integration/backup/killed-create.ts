import { createSnapshot } from "../../../src/backup/create.ts";
import { filesSource } from "../../../src/backup/files-source.ts";
import { localStore } from "../../../src/backup/local-store.ts";
import type { Store } from "../../../src/backup/store.ts";
import { createIdentifier } from "../../../src/identifier.ts";

// Creates a snapshot and kills itself before the n-th change of the repository.
const [repository = "", directory = "", killAt = ""] = process.argv.slice(2);
let changes = 0;

function step(): void {
  changes += 1;
  if (changes === Number(killAt)) process.kill(process.pid, "SIGKILL");
}

function deadly(store: Store): Store {
  return {
    ...store,
    async put(key, content) {
      step();
      await store.put(key, content);
    },
    async create(key) {
      step();
      const writer = await store.create(key);
      return {
        ...writer,
        async write(bytes) {
          await writer.write(bytes.subarray(0, bytes.length / 2));
          step();
          await writer.write(bytes.subarray(bytes.length / 2));
        },
        async commit() {
          step();
          await writer.commit();
        },
      };
    },
  };
}

await createSnapshot({
  repository: deadly(localStore(repository)),
  id: createIdentifier(new Date()),
  set: "full",
  environment: "local",
  release: null,
  schemaHead: null,
  toolVersion: "0.0.0",
  sources: [filesSource({ directory, include: ["**"], exclude: [] })],
  segmentBytes: 100_000,
  now: () => new Date(),
});
