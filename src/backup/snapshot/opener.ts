import type { Opener } from "./open-snapshot.ts";

/** What decrypts with the keys in these age identity files; null without any. */
export async function openerOf(identityFiles: readonly string[]): Promise<Opener | null> {
  if (identityFiles.length === 0) return null;
  const { createOpener } = await import("../age/opener.ts");
  return createOpener(identityFiles);
}
