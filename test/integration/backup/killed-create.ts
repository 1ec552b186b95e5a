import { createSnapshot } from "../../../src/backup/create/create.ts";
import { filesSource } from "../../../src/backup/sources/files.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import type { Store } from "../../../src/backup/store/store.ts";
import { createIdentifier } from "../../../src/identifier.ts";
import { s3Store } from "../../support/s3.ts";

// Creates a snapshot and kills itself before or after the n-th change of the repository.
const [repository = "", directory = "", workDirectory = "", killAt = ""] = process.argv.slice(2);
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
      step();
    },
    async remove(key) {
      step();
      await store.remove(key);
    },
    async sync() {
      step();
      await store.sync();
    },
  };
}

/** A folder, or the address of a bucket. */
function openStore(): Store | Promise<Store> {
  const [, endpoint, bucket = ""] = /^(http:\/\/[^/]+)\/(.+)$/.exec(repository) ?? [];
  return endpoint === undefined ? localStore(repository) : s3Store({ endpoint, bucket });
}

await createSnapshot({
  store: deadly(await openStore()),
  id: createIdentifier(new Date()),
  set: "full",
  environment: "local",
  release: null,
  schemaHead: null,
  toolVersion: "0.0.0",
  sources: [filesSource({ directory, include: ["**"], exclude: [] })],
  workDirectory,
  guides: {},
  now: () => new Date(),
});
