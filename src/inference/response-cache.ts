import { createHash } from "node:crypto";
import type { LRUCache } from "lru-cache";
import type { ModelRecord } from "./models.ts";
import type { Tensor, Tensors } from "./tensor.ts";

export interface CacheLimits {
  /** Most bytes of answers and keys. */
  bytes: number;
  /** Milliseconds after which an answer is forgotten. */
  ttl: number;
}

export interface CacheUse {
  hits: number;
  misses: number;
  entries: number;
  bytes: number;
}

/** Bytes that an entry takes besides the values of its tensors. */
const overhead = 512;

/** Answers of models that give the same answer to the same request, the least used leaving first. */
export class ResponseCache {
  private readonly answers: LRUCache<string, Tensors>;
  private hits = 0;
  private misses = 0;

  constructor(answers: LRUCache<string, Tensors>) {
    this.answers = answers;
  }

  /** A copy of what was answered before, the caller's own; null when nothing is remembered. */
  find(key: string): Tensors | null {
    const known = this.answers.get(key);
    if (known === undefined) {
      this.misses++;
      return null;
    }
    this.hits++;
    return copy(known);
  }

  /** Remembers a copy: the tensors may be parts of a batch that others' rows are in. */
  keep(key: string, outputs: Tensors): void {
    this.answers.set(key, copy(outputs));
  }

  use(): CacheUse {
    const { hits, misses, answers } = this;
    return { hits, misses, entries: answers.size, bytes: answers.calculatedSize };
  }
}

/** A cache within the limits; null when they leave no room. */
export async function createResponseCache({
  bytes,
  ttl,
}: CacheLimits): Promise<ResponseCache | null> {
  if (bytes <= 0 || ttl <= 0) return null;
  const { LRUCache } = await import("lru-cache");
  return new ResponseCache(
    new LRUCache<string, Tensors>({ maxSize: bytes, ttl, sizeCalculation: sizeOf }),
  );
}

/**
 * SHA-256 over everything that an answer depends on: the model's name, version and content, and
 * the inputs with their types, shapes and values.
 * @param content another number for each content that was ever loaded: the record's hash is that of
 *   the model's own file, and says nothing of weights beside it
 */
export function cacheKey(
  { name, version, sha256 }: ModelRecord,
  content: number,
  feeds: Tensors,
): string {
  const hash = createHash("sha256");
  const say = (text: string) => hash.update(`${Buffer.byteLength(text)}:${text};`);
  for (const text of [name, version, sha256, String(content)]) say(text);
  for (const input of Object.keys(feeds).toSorted()) {
    const { type, dims, data } = feeds[input] as Tensor;
    say(input);
    say(type);
    say(dims.join(","));
    if (ArrayBuffer.isView(data)) {
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    } else {
      for (const text of data) say(text);
    }
  }
  return hash.digest("base64");
}

function copy(tensors: Tensors): Tensors {
  const copied: Tensors = {};
  for (const [name, { type, dims, data }] of Object.entries(tensors)) {
    copied[name] = { type, dims: [...dims], data: data.slice() };
  }
  return copied;
}

function sizeOf(tensors: Tensors, key: string): number {
  let bytes = overhead + key.length;
  for (const [name, { data }] of Object.entries(tensors)) {
    bytes += name.length * 2;
    if (ArrayBuffer.isView(data)) bytes += data.byteLength;
    else for (const text of data) bytes += 16 + text.length * 2;
  }
  return bytes;
}
