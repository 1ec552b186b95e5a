export function parseRecipients(_t: readonly string[]): unknown {
  return [];
}
