import { StudioError, exitCodes, usageError } from "../errors.ts";
import { createKeyId } from "../keys/api-key.ts";
import { type KeyState, type StoredKey, stateOfKey } from "../keys/key-store.ts";
import type { Role } from "../keys/role.ts";
import { perform } from "../operation/perform.ts";
import type { Step } from "../operation/step.ts";
import type { IssuedKey } from "./issued-key.ts";
import { withKeys } from "./key-database.ts";
import {
  type KeyWork,
  type PlannedKey,
  expireKeyStep,
  issueKeyStep,
  revokeKeyStep,
} from "./steps/key.ts";
import type { View } from "./view.ts";
import type { Workplace } from "./workplace.ts";

/** What is journaled of an operation on keys: of a key its id, never its text or its hash. */
export type KeyInput =
  | { act: "create"; key: PlannedKey }
  | {
      act: "rotate";
      key: PlannedKey;
      old: { id: string; expiresAt: string; before: string | null };
    }
  | { act: "revoke"; id: string; revokedAt: string };

export interface KeyOrder {
  name: string;
  role: Role;
  /** Milliseconds for which the key is valid; null: until it is revoked. */
  lifetime: number | null;
}

export type ListedKey = StoredKey & { state: KeyState };

/** The keys of the environment, the oldest first. */
export async function listKeys(place: View): Promise<ListedKey[]> {
  const keys = await withKeys(place, (store) => store.list());
  const now = place.desk.now();
  return keys.map((key) => ({ ...key, state: stateOfKey(key, now) }));
}

/** Makes a key, as one journaled operation; its text is in the result and nowhere else. */
export async function createApiKey(
  place: Workplace,
  order: KeyOrder,
  message: string | null,
): Promise<IssuedKey> {
  // Once more under the lock; an order that makes no sense leaves no lock or ledger behind.
  await withKeys(place, (keys) => keys.list());
  const key = planKey(order, place.desk.now(), null);
  return issuedBy(place, message, async () => ({ act: "create", key }));
}

export interface RotateOrder {
  /** An id, or the beginning of one. */
  id: string;
  /** Milliseconds for which the old key stays valid beside the new one. */
  grace: number;
  /** Milliseconds for which the new key is valid; undefined: as long as the old one was to be. */
  lifetime: number | undefined;
}

/** Makes a key in the place of another, which expires once the grace is over. */
export async function rotateKey(
  place: Workplace,
  order: RotateOrder,
  message: string | null,
): Promise<IssuedKey> {
  await validKey(place, order.id);
  return issuedBy(place, message, async () => {
    const old = await validKey(place, order.id);
    const now = place.desk.now();
    const { id, name, role, expiresAt: before } = old;
    const lifetime = order.lifetime ?? lifetimeOf(old);
    const graceEnd = new Date(now.getTime() + order.grace).toISOString();
    const expiresAt = before !== null && before < graceEnd ? before : graceEnd;
    const key = planKey({ name, role, lifetime }, now, id);
    return { act: "rotate", key, old: { id, expiresAt, before } };
  });
}

/** Makes a key invalid, in every daemon within two seconds. */
export async function revokeKey(
  place: Workplace,
  id: string,
  message: string | null,
): Promise<{ id: string; name: string; changed: boolean }> {
  let key = await keyOf(place, id);
  let changed = false;
  await perform(place.desk, "key revoke", async () => {
    key = await keyOf(place, id);
    changed = key.revokedAt === null;
    const revokedAt = place.desk.now().toISOString();
    const input: KeyInput = { act: "revoke", id: key.id, revokedAt };
    const steps = changed ? keySteps({ place, issued: [] }, input) : [];
    return { kind: "key", message, input, steps };
  });
  return { id: key.id, name: key.name, changed };
}

export function keySteps(work: KeyWork, input: KeyInput): Step[] {
  switch (input.act) {
    case "create":
      return [issueKeyStep(work, input.key)];
    case "rotate":
      return [issueKeyStep(work, input.key), expireKeyStep(work, input.old)];
    case "revoke":
      return [revokeKeyStep(work, input.id, input.revokedAt)];
  }
}

async function issuedBy(
  place: Workplace,
  message: string | null,
  plan: () => Promise<Exclude<KeyInput, { act: "revoke" }>>,
): Promise<IssuedKey> {
  const issued: IssuedKey[] = [];
  await perform(place.desk, "key", async () => {
    const input: KeyInput = await plan();
    return { kind: "key", message, input, steps: keySteps({ place, issued }, input) };
  });
  return issued[0] as IssuedKey;
}

function planKey(
  { name, role, lifetime }: KeyOrder,
  now: Date,
  replaces: string | null,
): PlannedKey {
  const expiresAt = lifetime === null ? null : new Date(now.getTime() + lifetime).toISOString();
  return { id: createKeyId(), name, role, createdAt: now.toISOString(), expiresAt, replaces };
}

function lifetimeOf({ createdAt, expiresAt }: StoredKey): number | null {
  return expiresAt === null ? null : Date.parse(expiresAt) - Date.parse(createdAt);
}

async function validKey(place: View, id: string): Promise<StoredKey> {
  const key = await keyOf(place, id);
  const state = stateOfKey(key, place.desk.now());
  if (state === "valid") return key;
  throw usageError(
    `The key ${key.id} (${key.name}) is ${state}, so there is nothing to rotate.`,
    "`studio key create` makes another.",
  );
}

/** @throws StudioError `id.unknown` (exit 2) where no key, or several, have an id that begins so */
async function keyOf(place: View, prefix: string): Promise<StoredKey> {
  const keys = await withKeys(place, (store) => store.list());
  const matches = keys.filter(({ id }) => id.startsWith(prefix));
  const exact = matches.find(({ id }) => id === prefix);
  const [first] = matches;
  if (exact !== undefined) return exact;
  if (first !== undefined && matches.length === 1) return first;
  throw new StudioError({
    code: "id.unknown",
    message: `${matches.length === 0 ? "No key has" : `${matches.length} keys have`} an id that starts with "${prefix}".`,
    hint: "`studio key list` shows them.",
    exitCode: exitCodes.usage,
  });
}
