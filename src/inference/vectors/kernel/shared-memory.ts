/** Memory that kernels compute in and that all threads share; it grows, and never shrinks. */
export interface SharedMemory {
  /** Of the size at this moment: taken anew after `grow`. */
  readonly buffer: SharedArrayBuffer;
  /** @param pages more pages of 64 KiB @throws RangeError beyond the maximum */
  grow(pages: number): number;
}

declare global {
  // Node has it; the type definitions of Node do not.
  var WebAssembly: {
    Memory: new (limits: { initial: number; maximum: number; shared: true }) => SharedMemory;
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object, imports: object) => { exports: Record<string, unknown> };
  };
}

/** Bytes of one page of WebAssembly memory. */
export const pageBytes = 65_536;

/** As many pages as 32 bits can address. */
export const mostPages = 65_536;

export function createSharedMemory(): SharedMemory {
  return new WebAssembly.Memory({ initial: 0, maximum: mostPages, shared: true });
}
