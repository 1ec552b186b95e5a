/**
 * Gives the memory of a buffer back at once. Left to the collector, which sees only small objects,
 * hundreds of megabytes would wait for it.
 */
export function release(bytes: Buffer): void {
  // Small ones share the memory of a pool.
  if (bytes.buffer.byteLength > 2 * Buffer.poolSize) (bytes.buffer as ArrayBuffer).transfer(0);
}
