import { StudioError } from "../../errors.ts";
import type { Store } from "./store.ts";

/** Removes a file; false, and nothing done, where it is under object lock. */
export async function removeUnlocked(store: Store, key: string): Promise<boolean> {
  try {
    await store.remove(key);
    return true;
  } catch (error) {
    if (error instanceof StudioError && error.code === "backup.objectLocked") return false;
    throw error;
  }
}
