/** What `{ env: NAME }` or `{ file: PATH }` names in settings, wherever it stands. */
export function referencesIn(value: unknown, kind: "env" | "file"): string[] {
  if (typeof value !== "object" || value === null) return [];
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === kind && typeof first[1] === "string") {
    return [first[1]];
  }
  return entries.flatMap(([, inner]) => referencesIn(inner, kind));
}
