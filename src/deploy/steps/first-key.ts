import { createKeyId } from "../../keys/api-key.ts";
import { stateOfKey } from "../../keys/key-store.ts";
import type { Step } from "../../operation/step.ts";
import { needsKey } from "../../server/authentication.ts";
import type { DeployWork } from "../deploy-input.ts";
import { withKeys } from "../key-database.ts";
import type { View } from "../view.ts";
import { type PlannedKey, issueKeyStep } from "./key.ts";

/** Whether callers of the API need a key, and the configuration names none. */
export function needsFirstKey({ project }: Pick<View, "project">): boolean {
  const { host, auth } = project.settings.serve;
  return auth.keys.length === 0 && needsKey(host, auth.required, 0);
}

export function planFirstKey(now: Date): PlannedKey {
  const createdAt = now.toISOString();
  const common = { role: "admin", createdAt, expiresAt: null, replaces: null } as const;
  return { id: createKeyId(), name: "first", ...common };
}

/** Makes the first key of an API that answers nobody without one; none where there is an admin. */
export function firstKeyStep(work: DeployWork): Step[] {
  const { input, place } = work;
  const { firstKey } = input;
  if (firstKey === undefined) return [];
  return [
    {
      ...issueKeyStep(work, firstKey),
      id: "first-key",
      title: "Make the first key of the API",
      async skip() {
        const keys = await withKeys(place, (store) => store.list());
        const now = place.desk.now();
        const isThere = keys.some(
          (key) =>
            key.id !== firstKey.id && key.role === "admin" && stateOfKey(key, now) === "valid",
        );
        return isThere ? "there is an admin key" : null;
      },
    },
  ];
}
