import type { StoredKey } from "../keys/key-store.ts";

/** A key that was just made: the only time that its text is there to be shown. */
export interface IssuedKey extends Pick<StoredKey, "id" | "name" | "role" | "expiresAt"> {
  key: string;
}
