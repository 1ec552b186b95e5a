import type { Sealer } from "./seal.ts";

/** What encrypts to these age recipients; null without any, and then nothing of age is loaded. */
export async function sealerFor(recipients: readonly string[]): Promise<Sealer | null> {
  if (recipients.length === 0) return null;
  const [{ parseRecipient }, { createSealer }] = await Promise.all([
    import("./recipient.ts"),
    import("./seal.ts"),
  ]);
  return createSealer(recipients.map(parseRecipient));
}
