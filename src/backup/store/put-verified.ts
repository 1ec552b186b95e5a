import { StudioError, exitCodes } from "../../errors.ts";
import { release } from "../format/release.ts";
import type { Comparison, Store } from "./store.ts";

/**
 * Writes a file of the repository, reads it and compares it with what was to be written.
 * @throws StudioError `backup.unverified`, exit 4
 */
export async function putVerified(store: Store, key: string, content: Uint8Array): Promise<void> {
  await store.put(key, content);
  const found = (await store.compare?.(key, content)) ?? (await compareWhole(store, key, content));
  if (found === "same") return;
  throw new StudioError({
    code: "backup.unverified",
    message: `${key} could not be read back from the repository ${store.location}: ${found === "missing" ? "it is missing" : "its bytes are not those that were written"}.`,
    hint: "Check the disk of the repository, then take the snapshot again. No snapshot was made.",
    exitCode: exitCodes.checkFailed,
  });
}

async function compareWhole(store: Store, key: string, content: Uint8Array): Promise<Comparison> {
  const bytes = await store.get(key);
  if (bytes === null) return "missing";
  const same = bytes.equals(content);
  release(bytes);
  return same ? "same" : "different";
}
