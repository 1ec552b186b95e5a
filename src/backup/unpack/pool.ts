import { extname } from "node:path";
import type { ObjectName } from "../format/object.ts";
import { usualThreads } from "../pack/pool.ts";
import { ThreadPool } from "../threads/thread-pool.ts";
import type {
  ObjectBytes,
  UnpackJob,
  UnpackNotice,
  UnpackResult,
  UnpackSettings,
} from "./protocol.ts";

export type UnpackPool = ThreadPool<UnpackJob, UnpackResult, UnpackNotice>;

/**
 * Threads that decrypt, decompress, prove and write, while this one reads the repository.
 * @param fetch gives the stored bytes of an object, which are handed over for good; for threads
 *   that cannot read the repository themselves
 */
export function createUnpackPool(
  fetch: (object: ObjectName) => Promise<Buffer | null>,
  settings: UnpackSettings,
): UnpackPool {
  return new ThreadPool({
    threads: usualThreads(),
    // The worker is TypeScript in a clone and JavaScript in the package.
    script: new URL(`./worker${extname(import.meta.url)}`, import.meta.url),
    settings,
    async onNotice({ number, object }) {
      return answer(number, await fetch(object));
    },
  });
}

function answer(number: number, bytes: Buffer | null) {
  const nothing: ObjectBytes = { type: "bytes", number, buffer: null, offset: 0, length: 0 };
  if (bytes === null) return { message: nothing, transfer: [] };
  const own = isWhole(bytes) ? bytes : new Uint8Array(bytes);
  const buffer = own.buffer as ArrayBuffer;
  const { byteOffset: offset, length } = own;
  return { message: { ...nothing, buffer, offset, length }, transfer: [buffer] };
}

/** A small buffer shares its memory with others, which must not be given away. */
function isWhole(bytes: Buffer): boolean {
  return bytes.buffer.byteLength === bytes.length;
}
