import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { damaged } from "./failures.ts";
import type { DatabaseFacts, Manifest, ManifestEntry } from "./manifest.ts";
import type { TarMember } from "./tar-header.ts";
import type { TarHandler } from "./tar-reader.ts";

export interface DatabaseCopy {
  file: string;
  facts: DatabaseFacts;
}

/**
 * Compares the members of one archive, as they are read, with what the manifest says of them; the
 * databases among them are written to a scratch folder to be looked at afterwards.
 */
export class MemberComparison implements TarHandler {
  readonly problems: string[] = [];
  readonly databases: DatabaseCopy[] = [];
  members = 0;
  bytes = 0;
  readonly #expected: ManifestEntry[];
  readonly #scratch: string;
  readonly #segment: string;
  #entry: ManifestEntry | null = null;
  #hash: Hash = createHash("sha256");
  #copy: number | null = null;

  constructor(manifest: Manifest, segment: string, scratch: string) {
    this.#segment = segment;
    this.#scratch = scratch;
    this.#expected = manifest.entries.filter((entry) => entry.segment === segment);
  }

  member(member: TarMember, offset: number): void {
    const entry = this.#expected[this.members];
    this.members += 1;
    if (entry === undefined || !agrees(entry, member, offset)) {
      throw damaged(`its member ${JSON.stringify(member.path)} is not the one in the manifest.`);
    }
    this.#entry = entry;
    this.#hash = createHash("sha256");
    if (entry.type === "file" && entry.database !== undefined) this.#beginCopy(entry.database);
  }

  content(bytes: Buffer): void {
    this.#hash.update(bytes);
    this.bytes += bytes.length;
    if (this.#copy === null) return;
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#copy, bytes, done);
  }

  end(): void {
    const entry = this.#entry;
    this.close();
    if (entry?.type !== "file" || this.#hash.digest("hex") === entry.sha256) return;
    this.problems.push(`The content of ${entry.path} is not what was backed up.`);
  }

  /** Closes the copy that is being written. */
  close(): void {
    if (this.#copy !== null) closeSync(this.#copy);
    this.#copy = null;
  }

  /** To be called at the end of the archive. */
  expectNoMore(): void {
    const missing = this.#expected.length - this.members;
    if (missing > 0) throw damaged(`${missing} members of ${this.#segment} are missing.`);
  }

  #beginCopy(facts: DatabaseFacts): void {
    mkdirSync(this.#scratch, { recursive: true, mode: 0o700 });
    const file = join(this.#scratch, `${this.databases.length}-${this.#segment}.sqlite3`);
    this.#copy = openSync(file, "wx", 0o600);
    this.databases.push({ file, facts });
  }
}

function agrees(entry: ManifestEntry, member: TarMember, offset: number): boolean {
  if (entry.path !== member.path || entry.offset !== offset) return false;
  if (entry.type === "torn") return member.type === "file" && member.size === entry.size;
  if (entry.type !== member.type || entry.mode !== member.mode) return false;
  if (entry.type === "file") return entry.size === member.size;
  return entry.type === "directory" || entry.target === member.target;
}
