import { hash } from "node:crypto";
import { reasonOf } from "../errors.ts";
import type { Commit, StoredObject } from "./commit.ts";
import { damaged } from "./failures.ts";
import { parseManifest } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { snapshotKey } from "./repository.ts";
import type { Store } from "./store.ts";

/** Reads an object of a snapshot whole, and checks it against the commit. */
export async function loadObject(store: Store, commit: Commit, name: string): Promise<Buffer> {
  const recorded = commit.objects.find((object) => object.name === name);
  const bytes = await store.get(snapshotKey(commit.id, name));
  if (recorded === undefined || bytes === null) {
    throw damaged(`${name} of snapshot ${commit.id} is missing.`);
  }
  const problem = objectProblem(recorded, bytes.length, hash("sha256", bytes));
  if (problem !== null) throw damaged(problem);
  return bytes;
}

/** What is wrong with an object that was read, in a sentence; null when nothing is. */
export function objectProblem(recorded: StoredObject, size: number, sha256: string): string | null {
  if (size !== recorded.size) {
    return `${recorded.name} has ${size} bytes instead of ${recorded.size}.`;
  }
  return sha256 === recorded.sha256 ? null : `${recorded.name} is not what was written.`;
}

export async function loadManifest(store: Store, commit: Commit): Promise<Manifest> {
  const bytes = await loadObject(store, commit, "manifest.jsonl.zst");
  try {
    return await parseManifest(bytes);
  } catch (error) {
    throw damaged(`The manifest of snapshot ${commit.id} cannot be read: ${reasonOf(error)}`);
  }
}
