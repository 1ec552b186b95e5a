import type { Opener } from "../snapshot/open-snapshot.ts";
import { parseIdentityFile } from "./identity.ts";
import { open } from "./open.ts";

/** What decrypts with the keys in these identity files. */
export function createOpener(identityFiles: readonly string[]): Opener {
  const identities = identityFiles.flatMap((text) => parseIdentityFile(text, "the identity file"));
  return { open: (stored, into) => open(stored, identities, into) };
}
