import { hash } from "node:crypto";
import { checksumLine } from "./checksum-list.ts";
import type { StoredObject } from "./commit.ts";
import { ManifestWriter } from "./manifest.ts";
import type { ManifestEntry } from "./manifest.ts";
import type { ProgressListener } from "./pace.ts";
import { snapshotKey } from "./repository.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import type { Store } from "./store.ts";

/** What the manifest, the checksum list and the counts are made of. */
export class SnapshotContent {
  readonly #manifest = new ManifestWriter();
  readonly #paths = new Set<string>();
  readonly #checksums: string[] = [];
  readonly #onProgress: ProgressListener | undefined;
  readonly databases: string[] = [];
  readonly counts = { files: 0, directories: 0, links: 0, bytes: 0 };

  constructor(onProgress: ProgressListener | undefined) {
    this.#onProgress = onProgress;
  }

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  add(entry: ManifestEntry): void {
    this.#paths.add(entry.path);
    this.#manifest.add(entry);
    if (entry.type === "directory") this.counts.directories += 1;
    if (entry.type === "symlink") this.counts.links += 1;
    if (entry.type === "file") {
      this.counts.files += 1;
      this.counts.bytes += entry.size;
      this.#checksums.push(checksumLine(entry));
      if (entry.database !== undefined) this.databases.push(entry.database.label);
    }
    const { bytes } = this.counts;
    this.#onProgress?.({ phase: "store", members: this.#paths.size, bytes, totalBytes: null });
  }

  async store(store: Store, id: string, segments: SegmentWriter): Promise<StoredObject[]> {
    for (const line of segments.lines) this.#manifest.add(line);
    return [
      await putObject(store, id, "manifest.jsonl.zst", this.#manifest.finish()),
      await putObject(store, id, "SHA256SUMS", Buffer.from(this.#checksums.join(""))),
    ];
  }
}

async function putObject(
  store: Store,
  id: string,
  name: string,
  bytes: Buffer,
): Promise<StoredObject> {
  await store.put(snapshotKey(id, name), bytes);
  return { name, size: bytes.length, sha256: hash("sha256", bytes) };
}
