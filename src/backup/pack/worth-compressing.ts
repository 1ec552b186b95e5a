import { compressInto, compressedBound } from "../format/zstd.ts";

/** Content shorter than this is compressed without asking. */
const worthAsking = 512 * 1024;
const samples = 16;
const sampleBytes = 8 * 1024;
/** What compression has to save, as file systems ask of it: an eighth. */
const leastSaved = 1 / 8;

const sample = Buffer.alloc(samples * sampleBytes);
const compressed = Buffer.alloc(compressedBound(sample.length));

/**
 * Whether content gets smaller by enough, judged by samples from all over it. Weights of models
 * give way by a fourteenth, which takes twice as long as all else that is done with them, and pictures by
 * nothing.
 */
export function isWorthCompressing(content: Uint8Array): boolean {
  if (content.length < worthAsking) return true;
  const step = Math.floor((content.length - sampleBytes) / (samples - 1));
  for (let index = 0; index < samples; index += 1) {
    const start = index * step;
    sample.set(content.subarray(start, start + sampleBytes), index * sampleBytes);
  }
  return compressInto(sample, compressed, 1) <= sample.length * (1 - leastSaved);
}
