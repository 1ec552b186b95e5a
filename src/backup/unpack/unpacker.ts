import { type Hash, createHash, hash } from "node:crypto";
import { damaged, isDamage } from "../failures.ts";
import { reasonOf } from "../../errors.ts";
import type { ObjectName } from "../format/object.ts";
import { readMembers } from "../format/tar-member.ts";
import { decodePieces } from "../format/zstd.ts";
import { largestRaw } from "../pack/object-maker.ts";
import type { Opener } from "../snapshot/open-snapshot.ts";
import type { ObjectSource } from "./object-source.ts";
import type { Proof, UnpackJob, UnpackResult, WantedContent } from "./protocol.ts";
import { FileWriter } from "./write-file.ts";

export interface UnpackerOptions {
  objects: ObjectSource;
  proof: Proof;
  /** Null where objects are not encrypted. */
  opener: Opener | null;
}

/** Proves content, and writes it where it is wanted. */
export class Unpacker {
  readonly #options: UnpackerOptions;
  #raw = Buffer.allocUnsafeSlow(largestRaw);

  constructor(options: UnpackerOptions) {
    this.#options = options;
  }

  async run(job: UnpackJob): Promise<UnpackResult> {
    switch (job.type) {
      case "segment":
        return { problems: await this.#segment(job.object, job.members) };
      case "large":
        return { problems: [await this.#large(job.objects, job.content)] };
      case "stored": {
        const problems: (string | null)[] = [];
        for (const object of job.objects) problems.push(await this.#stored(object));
        return { problems };
      }
    }
  }

  async #segment(
    object: ObjectName,
    members: Extract<UnpackJob, { type: "segment" }>["members"],
  ): Promise<(string | null)[]> {
    const contents = new Map<string, Buffer>();
    const problem = await problemOf(async () => {
      const archive = await this.#archive(object);
      for (const { path, content } of readMembers(archive)) contents.set(path, content);
    });
    const problems = members.map(({ member, content }) => {
      const found = contents.get(member);
      if (found === undefined) return problem ?? "its archive does not hold it";
      return provenAndWritten(found, content);
    });
    return this.#explained(problems, [object]);
  }

  async #large(objects: ObjectName[], content: WantedContent): Promise<string | null> {
    const writers = content.files.map((file) => new FileWriter(file));
    const sum = createHash("sha256");
    let problem: string | null;
    try {
      problem = await problemOf(() => this.#copy(objects, sum, writers));
      problem ??= sum.digest("hex") === content.sha256 ? null : "it is not what was backed up";
    } catch (error) {
      for (const writer of writers) writer.discard();
      throw error;
    }
    for (const writer of writers) {
      if (problem === null) writer.finish();
      else writer.discard();
    }
    const [explained = null] = await this.#explained([problem], objects);
    return explained;
  }

  /** Names the object behind a problem, where its stored bytes were not proven on the way. */
  async #explained(
    problems: (string | null)[],
    objects: readonly ObjectName[],
  ): Promise<(string | null)[]> {
    const isSound = problems.every((problem) => problem === null);
    if (isSound || this.#options.proof === "all") return problems;
    for (const object of objects) {
      const reason = await this.#stored(object);
      if (reason !== null) return problems.map((problem) => problem && reason);
    }
    return problems;
  }

  async #copy(objects: ObjectName[], sum: Hash, writers: FileWriter[]): Promise<void> {
    const source = this.#options.objects;
    let next: Promise<Buffer | null> | null = null;
    for (const [index, object] of objects.entries()) {
      const stored = await (next ?? source.take(object));
      const after = objects[index + 1];
      next = after === undefined || !source.ahead ? null : source.take(after);
      next?.catch(() => undefined);
      for (const piece of decodePieces(this.#proven(object, stored))) {
        sum.update(piece);
        for (const writer of writers) writer.write(piece);
      }
      if (stored !== null) source.give(stored);
    }
  }

  async #stored(object: ObjectName): Promise<string | null> {
    const { objects } = this.#options;
    const stored = await objects.take(object);
    return problemOf(async () => {
      checkName(object, stored);
      if (stored !== null) objects.give(stored);
    });
  }

  /** A whole archive, in memory that is used again for the next one. */
  async #archive(object: ObjectName): Promise<Buffer> {
    const { objects } = this.#options;
    const stored = await objects.take(object);
    let length = 0;
    for (const piece of decodePieces(this.#proven(object, stored))) {
      if (length + piece.length > this.#raw.length) this.#grow(length, length + piece.length);
      piece.copy(this.#raw, length);
      length += piece.length;
    }
    if (stored !== null) objects.give(stored);
    return this.#raw.subarray(0, length);
  }

  #grow(used: number, needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#raw.length));
    this.#raw.copy(larger, 0, 0, used);
    this.#raw = larger;
  }

  /** The compressed bytes of an object, proven as far as is asked; takes the place of `stored`. */
  #proven(object: ObjectName, stored: Buffer | null): Buffer {
    const { proof, opener } = this.#options;
    const bytes = proof === "all" ? checkName(object, stored) : present(object, stored);
    return opener?.open(bytes, bytes) ?? bytes;
  }
}

function present({ sha256 }: ObjectName, stored: Buffer | null): Buffer {
  if (stored === null) throw damaged(`object ${sha256} is missing`);
  return stored;
}

function checkName(object: ObjectName, stored: Buffer | null): Buffer {
  const bytes = present(object, stored);
  if (hash("sha256", bytes) === object.sha256) return bytes;
  throw damaged(`object ${object.sha256} holds other bytes than were written`);
}

function provenAndWritten(found: Buffer, content: WantedContent): string | null {
  const sound = found.length === content.size && hash("sha256", found) === content.sha256;
  if (!sound) return "it is not what was backed up";
  for (const file of content.files) {
    const writer = new FileWriter(file);
    try {
      writer.write(found);
    } catch (error) {
      writer.discard();
      throw error;
    }
    writer.finish();
  }
  return null;
}

/** What is damaged is told as a problem; anything else ends the job. */
async function problemOf(action: () => Promise<void>): Promise<string | null> {
  try {
    await action();
    return null;
  } catch (error) {
    if (isDamage(error)) return reasonOf(error);
    throw error;
  }
}
