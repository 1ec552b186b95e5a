import type { IssuedKey } from "../issued-key.ts";
import { createKey } from "../../keys/api-key.ts";
import type { KeyStore, StoredKey } from "../../keys/key-store.ts";
import type { Step } from "../../operation/step.ts";
import { withKeys } from "../key-database.ts";
import type { Workplace } from "../workplace.ts";

/** A key that is to be made: all of it but its text, which no journal may hold. */
export type PlannedKey = Pick<StoredKey, "id" | "name" | "role" | "createdAt" | "expiresAt"> & {
  replaces: string | null;
};

/** What key steps work with. */
export interface KeyWork {
  place: Pick<Workplace, "database">;
  /** The keys whose text this process made and has to show. */
  issued: IssuedKey[];
}

/**
 * Makes a key. Its text is in this process alone: where the process died before it was shown, the
 * same step, done again, gives the key another text.
 */
export function issueKeyStep({ place, issued }: KeyWork, planned: PlannedKey): Step {
  return {
    id: "issue",
    title: `Make the key ${planned.id}`,
    probe: () => (issued.some(({ id }) => id === planned.id) ? "done" : "partial"),
    async do(run) {
      await run.effect("put", () => withKeys(place, (keys) => issue(keys, planned, issued)));
      return { id: planned.id };
    },
    undo: (run) => run.effect("remove", () => withKeys(place, (keys) => keys.remove(planned.id))),
  };
}

/** @param issued gets the key once it is stored */
async function issue(keys: KeyStore, planned: PlannedKey, issued: IssuedKey[]): Promise<void> {
  const { key, hash } = createKey(planned.id);
  await keys.put({ ...planned, hash });
  const { id, name, role, expiresAt } = planned;
  issued.push({ id, name, role, expiresAt, key });
}

/** Lets a key be valid for some time more: another was made to take its place. */
export function expireKeyStep(
  { place }: KeyWork,
  { id, expiresAt, before }: { id: string; expiresAt: string; before: string | null },
): Step {
  return {
    id: "expire",
    title: `Let the key ${id} expire`,
    probe: () =>
      withKeys(place, async (keys) => found((await keys.find(id))?.expiresAt, expiresAt)),
    do: (run) => run.effect("expire", () => withKeys(place, (keys) => keys.expire(id, expiresAt))),
    undo: (run) => run.effect("restore", () => withKeys(place, (keys) => keys.expire(id, before))),
  };
}

export function revokeKeyStep({ place }: KeyWork, id: string, revokedAt: string): Step {
  return {
    id: "revoke",
    title: `Revoke the key ${id}`,
    probe: () =>
      withKeys(place, async (keys) => found((await keys.find(id))?.revokedAt, revokedAt)),
    do: (run) => run.effect("revoke", () => withKeys(place, (keys) => keys.revoke(id, revokedAt))),
    undo: (run) => run.effect("restore", () => withKeys(place, (keys) => keys.revoke(id, null))),
  };
}

function found(now: string | null | undefined, wanted: string): "done" | "absent" {
  return now === wanted ? "done" : "absent";
}
