import { sealerFor } from "./age/sealer.ts";
import { compressInto, compressedBound } from "./format/zstd.ts";

/** zstd level for lists: they are small, and kept once for every snapshot. */
const level = 6;

/** Compresses a text, and encrypts it where there are age recipients. */
export async function sealText(text: string, recipients: readonly string[]): Promise<Buffer> {
  const plain = Buffer.from(text);
  const compressed = Buffer.alloc(compressedBound(plain.length));
  const bytes = compressed.subarray(0, compressInto(plain, compressed, level));
  const sealer = await sealerFor(recipients);
  if (sealer === null) return bytes;
  const sealed = Buffer.alloc(sealer.sealedLength(bytes.length));
  return sealed.subarray(0, sealer.seal(bytes, sealed));
}
