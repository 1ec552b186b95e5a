export function openWith(_i: unknown): { open(stored: Buffer): Buffer } {
  throw new Error("x");
}
