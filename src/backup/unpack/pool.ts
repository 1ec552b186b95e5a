import { extname } from "node:path";
import { objectKey } from "../format/object.ts";
import { usualThreads } from "../pack/pool.ts";
import type { Store } from "../store/store.ts";
import { ThreadPool } from "../threads/thread-pool.ts";
import type {
  ObjectBytes,
  UnpackJob,
  UnpackNotice,
  UnpackResult,
  UnpackSettings,
} from "./protocol.ts";

export type UnpackPool = ThreadPool<UnpackJob, UnpackResult, UnpackNotice>;

/** Threads that decrypt, decompress, prove and write, while this one reads the repository. */
export function createUnpackPool(store: Store, settings: UnpackSettings): UnpackPool {
  return new ThreadPool({
    threads: usualThreads(),
    // The worker is TypeScript in a clone and JavaScript in the package.
    script: new URL(`./worker${extname(import.meta.url)}`, import.meta.url),
    settings,
    async onNotice({ number, object }) {
      const bytes = await store.get(objectKey(object, settings.encrypted));
      return answer(number, bytes);
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
