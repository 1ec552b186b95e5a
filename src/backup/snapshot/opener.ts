import type { Opener } from "./open-snapshot.ts";

/** What decrypts with these age identities; null without any. */
export async function openerOf(identities: readonly string[]): Promise<Opener | null> {
  if (identities.length === 0) return null;
  const { openWith } = await import("../age/open.ts");
  const { parseIdentities } = await import("../age/identity.ts");
  return openWith(parseIdentities(identities));
}
