/**
 * A time as the functions of `node:fs` that set times take it, in seconds: as text, because they
 * take a negative number for now.
 * @param milliseconds since 1970
 */
export function systemTime(milliseconds: number): string {
  return String(milliseconds / 1000);
}
