import { type Base, noObject } from "./base.ts";

/** A segment of which less than this part is still needed is given up, and the rest stored anew. */
const leastLive = 0.5;
/** Bytes of content that one run stores anew for that reason, at most. */
const mostRepacked = 64 * 1024 * 1024;

/**
 * Which objects of a base new entries may refer to, by number: those that the repository still has,
 * without the segments that are hardly used any more. Their live files are stored again from where
 * they are, since a repository whose key is elsewhere cannot be rewritten from its own objects.
 */
export function usableObjects(base: Base, isThere: (sha256: string) => boolean): boolean[] {
  const live = liveBytes(base);
  let repacked = 0;
  return base.objects.map(({ sha256, kind, rawBytes }, number) => {
    if (!isThere(sha256)) return false;
    const bytes = live[number] ?? 0;
    if (kind !== "segment" || bytes >= leastLive * rawBytes) return true;
    repacked += bytes;
    return repacked > mostRepacked;
  });
}

/** Bytes of content in each object that the base's entries still refer to. */
function liveBytes(base: Base): Float64Array {
  const live = new Float64Array(base.objects.length);
  for (let index = 0; index < base.paths.length; index += 1) {
    const number = base.small[4 * index + 3] ?? noObject;
    // A header of 512 bytes and half a block of padding belong to each file.
    if (number !== noObject) live[number] = (live[number] ?? 0) + (base.wide[4 * index] ?? 0) + 768;
  }
  return live;
}
