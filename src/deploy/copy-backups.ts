import { realpath } from "node:fs/promises";
import { type CopyReport, copySnapshots } from "../backup/copy/copy.ts";
import type { Store } from "../backup/store/store.ts";
import { listSnapshots } from "../backup/summary.ts";
import { usageError } from "../errors.ts";
import { createAdvance } from "../format/advance.ts";
import { atRepository } from "./at-repository.ts";
import { repositoryGuides, withRepository } from "./backup-repository.ts";
import { findSnapshot } from "./find-snapshot.ts";
import type { View } from "./view.ts";

export interface CopyRequest {
  /** An absolute folder, or s3://BUCKET/PREFIX. */
  to: string;
  /** Each an id, its beginning, a name or `latest`; null for all. */
  snapshots: readonly string[] | null;
  signal: AbortSignal;
  /** Told how far it is. */
  say: (text: string) => void;
}

/** Copies snapshots of the project's repository to another one. */
export async function copyBackups(place: View, request: CopyRequest): Promise<CopyReport> {
  const { snapshots, signal } = request;
  const wanted =
    snapshots === null
      ? null
      : await Promise.all(snapshots.map((text) => findSnapshot(place, text)));
  return withRepository(place, async (from) => {
    const ids = wanted ?? (await listSnapshots(from)).map(({ id }) => id);
    return withRepository(atRepository(place, request.to), async (to) => {
      if (await isSame(from, to)) {
        throw usageError(
          `${to.location} is the repository that would be copied from.`,
          "Give another one with --to.",
        );
      }
      return copySnapshots({
        from,
        to,
        ids,
        guides: repositoryGuides(),
        now: () => place.desk.now(),
        lockWait: 60_000,
        signal,
        onProgress: createAdvance(request.say),
      });
    });
  });
}

async function isSame(one: Store, other: Store): Promise<boolean> {
  if (one.localDirectory === null || other.localDirectory === null) {
    return one.location === other.location;
  }
  const [a, b] = await Promise.all(
    [one.localDirectory, other.localDirectory].map((folder) =>
      realpath(folder).catch(() => folder),
    ),
  );
  return a === b;
}
