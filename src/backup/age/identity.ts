export function parseIdentities(_t: readonly string[]): unknown {
  return [];
}
