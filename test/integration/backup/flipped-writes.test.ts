import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generateIdentity } from "../../../src/backup/age/identity.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { rounds } from "../../support/every.ts";
import { type MemoryStore, memoryStore } from "../../support/memory-store.ts";
import { randomFrom } from "../../support/random.ts";
import { everything, restore, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

const seed = Number(process.env["STUDIO_TEST_SEED"] ?? Date.now() % 1_000_000_007);
const random = randomFrom(seed);

/** A disk that stores another bit than it was given at the n-th write. */
function flipping(store: MemoryStore, at: number): { store: MemoryStore; flipped: () => string } {
  let writes = 0;
  let flipped = "";
  const put = async (key: string, content: Uint8Array): Promise<void> => {
    await store.put(key, content);
    writes += 1;
    const bytes = store.files.get(key);
    if (writes !== at || bytes === undefined || bytes.length === 0) return;
    const position = random.below(bytes.length);
    bytes[position] = (bytes[position] ?? 0) ^ (1 << random.below(8));
    flipped = `${key} at ${position}`;
  };
  return { store: { ...store, put }, flipped: () => flipped };
}

test.each([false, true])(
  "a bit that flips on its way to the disk, at any write, makes no snapshot, encrypted: %s",
  async (encrypted) => {
    const folder = temporaryFolder();
    const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
    const { identity, recipient } = generateIdentity();
    const [identities, recipients] = encrypted ? [[identity], [recipient]] : [[], []];
    const memory = memoryStore();
    const options = { sources: [everything(tree)], workDirectory, recipients };
    writeTree(tree, { same: randomBytes(100), large: randomBytes(1_100_000) });
    const first = "20260101T000000Z-aaaa";
    await snapshot({ ...options, store: memory, id: first });
    const before = describeTree(tree);
    let refused = 0;
    let number = 1;
    for (let pass = 0; pass < rounds(1, 20); pass += 1) {
      for (let at = 1, struck = true; struck; at += 1) {
        number += 1;
        writeTree(tree, { small: randomBytes(50), large: randomBytes(1_100_000) });
        const { store, flipped } = flipping(memory, at);
        const id = `2027${String(number).padStart(4, "0")}T000000Z-aaaa`;
        const error: unknown = await snapshot({ ...options, store, id }).then(
          () => null,
          (reason: unknown) => reason,
        );
        struck = flipped() !== "";
        const where = `STUDIO_TEST_SEED=${seed}: ${flipped()}`;
        if (error !== null) {
          refused += 1;
          const code = expect.stringMatching(/^backup\.(unverified|lockLost)$/) as string;
          expect(error, where).toMatchObject({ code });
        }
        const listed = await listSnapshots(memory);
        expect(listed.map((one) => one.id).includes(id), where).toBe(error === null);
        for (const one of listed.slice(-2)) {
          expect((await verify({ store: memory, id: one.id, identities })).problems, where).toEqual(
            [],
          );
        }
      }
    }
    expect(refused).toBeGreaterThan(4);
    const target = join(folder, "out");
    await restore({ store: memory, id: first, identities, target });
    expect(describeTree(target)).toEqual(before);
  },
  300_000,
);
