import { basename } from "node:path";
import type { ObjectWriter, Store } from "../backup/store.ts";
import type { Reach } from "../operation/faults.ts";

/** A store that tells of each change it makes to the repository, before, within and after. */
export function observedStore(store: Store, reach: Reach): Store {
  const create = async (key: string) => {
    const name = nameOf(key);
    reach(`${name}:create`);
    return observedWriter(await store.create(key), name, reach);
  };
  const removing = async (key: string, remove: (key: string) => Promise<void>) => {
    reach(`${nameOf(key)}:remove`);
    await remove(key);
    reach(`${nameOf(key)}:removed`);
  };
  return {
    ...store,
    create,
    async put(key, content) {
      const writer = await create(key);
      try {
        await writer.write(content);
        await writer.commit();
      } catch (error) {
        await writer.abort();
        throw error;
      }
    },
    remove: (key) => removing(key, (name) => store.remove(name)),
    removeFolder: (folder) => removing(folder, (name) => store.removeFolder(name)),
  };
}

function observedWriter(writer: ObjectWriter, name: string, reach: Reach): ObjectWriter {
  return {
    async write(bytes) {
      await writer.write(bytes);
      reach(`${name}:written`);
    },
    async commit() {
      await writer.commit();
      reach(`${name}:committed`);
    },
    abort: () => writer.abort(),
  };
}

/** Names that are made up at random would be other ones in each run. */
function nameOf(key: string): string {
  return key.startsWith("locks/") ? "lock" : basename(key).replace(/^\d{8}T\d{6}Z-\w+/, "snapshot");
}
