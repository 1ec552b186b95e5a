import { randomBytes } from "node:crypto";
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { generateIdentity } from "../../../src/backup/age/identity.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { everyStep, stride } from "../../support/every.ts";
import { type Fault, type FaultyDisk, faultyDisk } from "../../support/faulty-disk.ts";
import { everything, restore, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

let disk: FaultyDisk | null = null;

afterEach(() => {
  disk?.remove();
  disk = null;
});

async function scene(kind: "first" | "incremental", encrypted: boolean) {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  writeTree(tree, { a: "a", "b/c": randomBytes(3000), large: randomBytes(1_200_000) });
  const { identity, recipient } = generateIdentity();
  const options = {
    sources: [everything(tree)],
    recipients: encrypted ? [recipient] : [],
    guides: { "README.txt": "How to restore." },
  };
  const identities = encrypted ? [identity] : [];
  const start = join(folder, "start");
  let before: ReturnType<typeof describeTree> | null = null;
  if (kind === "incremental") {
    const [store, workDirectory] = [localStore(join(start, "repository")), join(start, "work")];
    await snapshot({ ...options, store, workDirectory, id: "20260101T000000Z-aaaa" });
    before = describeTree(tree);
    writeTree(tree, { a: "changed", "b/new": "new", large: randomBytes(1_300_000) });
  }
  return { folder, tree, start, options, identities, before };
}

const faults: Fault[] = everyStep ? ["full", "once", "dead", "torn"] : ["full", "torn"];

test.each(
  (["first", "incremental"] as const).flatMap((kind) =>
    [false, true].flatMap((encrypted) => faults.map((fault) => ({ kind, encrypted, fault }))),
  ),
)(
  "a disk that is $fault at any change harms nothing: $kind snapshot, encrypted: $encrypted",
  async ({ kind, encrypted, fault }) => {
    const one = await scene(kind, encrypted);
    const place = join(one.folder, "place");
    const spied = faultyDisk(place);
    disk = spied;
    let last = 0;
    for (let at = 1, struck = true; struck; at += stride(29)) {
      for (const worthThreads of everyStep ? ways : [ways[at % 2]]) {
        rmSync(place, { recursive: true, force: true });
        if (existsSync(one.start)) cpSync(one.start, place, keepingTimes);
        struck = await round(one, place, spied, { fault, at, worthThreads });
      }
      last = at;
    }
    expect(last).toBeGreaterThan(40);
  },
  600_000,
);

/** In threads, and without: see `PackPoolOptions`. */
const ways = [0, undefined];
const keepingTimes = { recursive: true, preserveTimestamps: true };

/** Whether the fault came before the snapshot was made. */
async function round(
  one: Awaited<ReturnType<typeof scene>>,
  place: string,
  spied: FaultyDisk,
  { fault, at, worthThreads }: { fault: Fault; at: number; worthThreads: number | undefined },
): Promise<boolean> {
  const { options, identities, before } = one;
  const store = localStore(join(place, "repository"));
  const work = join(place, "work");
  const id = "20260102T000000Z-aaaa";
  spied.arm(fault, at);
  const outcome = await snapshot({ ...options, store, workDirectory: work, id, worthThreads }).then(
    () => "made" as const,
    (error: unknown) => error,
  );
  const strikes = spied.changes.length >= at;
  const where = `${fault} at ${at}: ${spied.changes[at - 1]?.call} ${spied.changes[at - 1]?.path}`;
  spied.heal();
  const listed = await listSnapshots(store);
  // Whatever is listed is whole, and what was there before still is.
  for (const { id: listedId, damaged } of listed) {
    expect(damaged, where).toBeNull();
    const report = await verify({ store, id: listedId, identities });
    expect(report.problems, `${where} ${listedId}`).toEqual([]);
  }
  const ids = listed.map((summary) => summary.id);
  if (before !== null) expect(ids, where).toContain("20260101T000000Z-aaaa");
  if (outcome === "made") expect(ids, where).toContain(id);
  else if (fault === "full" || fault === "once") {
    expect(outcome, where).toMatchObject({ code: "backup.full", exitCode: 8 });
    // Whoever is told that it failed finds none.
    expect(ids, where).not.toContain(id);
  }
  // The next run works, and leaves nothing behind.
  const next = "20260103T000000Z-aaaa";
  await snapshot({ ...options, store, workDirectory: work, id: next });
  const target = join(place, "out");
  await restore({ store, id: next, identities, target });
  expect(describeTree(target), where).toEqual(describeTree(one.tree));
  const left = readdirSync(place, { recursive: true }).map(String);
  const [locks, temporary] = [/locks\/[^.]/, /\.tmp$/].map((form) =>
    left.filter((name) => form.test(name)),
  );
  expect(locks, where).toEqual([]);
  // A dead process removes nothing; the next one does, once it can see that it is dead. This one
  // lives, so that what it could not remove stays as well.
  const struck = spied.changes[at - 1];
  const couldRemove = struck?.call !== "rm" || struck.path?.endsWith(".tmp") !== true;
  if ((fault === "full" || fault === "once") && couldRemove) {
    expect(temporary, where).toEqual([]);
  }
  return strikes;
}
