import { basename } from "node:path";
import type { Store } from "../backup/store/store.ts";
import type { Reach } from "../operation/faults.ts";

/** A store that tells of each change it makes to the repository, before and after. */
export function observedStore(store: Store, reach: Reach): Store {
  const observed = async <T>(key: string, verb: string, change: () => Promise<T>): Promise<T> => {
    reach(`${nameOf(key)}:${verb}`);
    const result = await change();
    reach(`${nameOf(key)}:${verb}-done`);
    return result;
  };
  return {
    ...store,
    put: (key, content) => observed(key, "put", () => store.put(key, content)),
    putNew: (key, content) => observed(key, "put", () => store.putNew(key, content)),
    remove: (key) => observed(key, "remove", () => store.remove(key)),
  };
}

/** Names that are made up at random, or of what the content is, would be other ones in each run. */
function nameOf(key: string): string {
  const [folder = ""] = key.split("/");
  if (folder === "locks") return "lock";
  if (folder === "objects") return "object";
  return folder === "trash" ? "trash" : basename(key);
}
