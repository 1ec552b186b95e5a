import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { generateIdentity, identityFileText } from "../../../src/backup/age/identity.ts";
import { compareSnapshots } from "../../../src/backup/contents/difference.ts";
import type { Entry } from "../../../src/backup/format/entry.ts";
import { objectKey } from "../../../src/backup/format/object.ts";
import { readGuides } from "../../../src/backup/guides.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import {
  everything,
  open,
  restore,
  snapshot,
  temporaryFolder,
  verify,
  writeTree,
} from "./fixtures.ts";
import { describeTree } from "./trees.ts";

const identity = generateIdentity();
const files = 600;
const pathOf = (number: number) => `folder-${number % 12}/file ${number}`;
const at = (tree: string, number: number) => join(tree, pathOf(number));

function scene({ encrypted = false } = {}) {
  const folder = temporaryFolder();
  const [tree, repository] = [join(folder, "tree"), join(folder, "repository")];
  for (let number = 0; number < files; number += 1) {
    writeTree(tree, { [pathOf(number)]: randomBytes(400) });
    utimesSync(at(tree, number), 1e9, 1e9);
  }
  const store = localStore(repository);
  const identities = encrypted ? [identityFileText(identity, new Date(0))] : [];
  const guides = readGuides(resolve(import.meta.dirname, "../../../templates"));
  const recipients = encrypted ? [identity.recipient] : [];
  const base = { sources: [everything(tree)], recipients, guides, worthThreads: undefined };
  let taken = 0;
  const take = async () => {
    taken += 1;
    const id = `202601${String(taken).padStart(2, "0")}T000000Z-aaaa`;
    // So late that no time of a file is too fresh to be trusted.
    const now = () => new Date(Date.now() + 10_000);
    return snapshot({ ...base, store, id, now, workDirectory: join(folder, "work") });
  };
  /** What a snapshot holds, but for where it lies. */
  const entriesOf = async (id: string, from = store) => {
    const entries: Partial<Entry & { place: unknown }>[] = [];
    for await (const page of (await open(from, id, identities)).entries()) {
      for (const entry of page) entries.push({ ...entry, place: undefined });
    }
    return entries;
  };
  /** The same of one that knows nothing of those before it. */
  const freshEntries = async () => {
    const fresh = localStore(join(temporaryFolder(), "fresh"));
    const { snapshot: made } = await snapshot({ ...base, store: fresh });
    return entriesOf(made.id, fresh);
  };
  return { folder, tree, repository, store, identities, take, entriesOf, freshEntries };
}

/** Changes of every kind that leave the paths as they are, and now and then one that does not. */
function change(tree: string, round: number): void {
  for (let step = 0; step < 6; step += 1) {
    const number = (round * 97 + step * 61) % files;
    const file = at(tree, number);
    if (step === 0) chmodSync(file, 0o600 + round);
    else if (step === 1) utimesSync(file, 1e9 + round, 1e9 + round);
    else if (step === 2) {
      rmSync(file);
      symlinkSync(`to-${round}`, file);
    } else {
      rmSync(file, { force: true });
      writeFileSync(file, randomBytes(300 + round));
    }
  }
  chmodSync(join(tree, `folder-${round % 12}`), 0o750);
  if (round % 3 === 2) {
    writeTree(tree, { [`folder-3/new ${round}`]: "new" });
    rmSync(at(tree, round), { force: true });
  }
}

test.each([false, true])(
  "each snapshot of a chain of small changes is what the tree was (encrypted: %s)",
  async (encrypted) => {
    const one = scene({ encrypted });
    const was: { id: string; entries: unknown; tree: unknown }[] = [];
    for (let round = 0; round < 10; round += 1) {
      const { id } = (await one.take()).snapshot;
      const tree = describeTree(one.tree, 1000);
      was.push({ id, entries: await one.freshEntries(), tree });
      change(one.tree, round);
    }
    for (const { id, entries, tree } of was) {
      expect(await one.entriesOf(id), id).toEqual(entries);
      const { store, identities } = one;
      const target = join(one.folder, id);
      await restore({ store, id, target, identities });
      expect(describeTree(target, 1000), id).toEqual(tree);
      expect((await verify({ store, id, identities })).problems).toEqual([]);
    }
  },
);

test("a snapshot of a chain comes back without studio, its folders' times and rights as well", async (context) => {
  const one = scene();
  if (spawnSync("zstd", ["--version"]).status !== 0) return context.skip("zstd is not installed");
  for (let round = 0; round < 4; round += 1) {
    await one.take();
    change(one.tree, round);
  }
  await one.take();
  const expected = describeTree(one.tree, 1000);
  const ids = (await listSnapshots(one.store)).map(({ id }) => id).sort();
  const target = join(one.folder, "by hand");
  const script = join(one.repository, "restore.sh");
  const { status, stderr } = spawnSync("sh", [script, ids.at(-1) ?? "", target], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  expect(describeTree(target, 1_000_000)).toEqual(describeTree(one.tree, 1_000_000));
  expect(Object.keys(expected).length).toBeGreaterThan(files);
});

test.each([false, true])(
  "a small change costs its content and a short list, and none costs nothing (encrypted: %s)",
  async (encrypted) => {
    const one = scene({ encrypted });
    await one.take();
    appendFileSync(at(one.tree, 5), "more");
    appendFileSync(at(one.tree, 500), "more");
    const { added } = await one.take();
    expect(added.objects).toBe(2);
    expect(added.bytes).toBeLessThan(encrypted ? 3000 : 2000);
    expect((await one.take()).added).toEqual({ objects: 0, bytes: 0 });
    appendFileSync(at(one.tree, 500), "still more");
    expect((await one.take()).added.objects).toBe(2);
  },
);

test("what only earlier forms of files needed is not kept for them", async () => {
  const one = scene();
  writeFileSync(join(one.tree, "large"), randomBytes(9_000_000));
  utimesSync(join(one.tree, "large"), 1e9, 1e9);
  const first = (await one.take()).snapshot;
  const chunks = async (id: string) =>
    (await (await open(one.store, id)).objects()).filter(({ kind }) => kind === "chunk");
  const descriptor = openSync(join(one.tree, "large"), "r+");
  writeSync(descriptor, randomBytes(100), 0, 100, 5_000_000);
  closeSync(descriptor);
  const second = (await one.take()).snapshot;
  const [before, after] = [await chunks(first.id), await chunks(second.id)];
  expect([before.length, after.length]).toEqual([3, 3]);
  expect(
    after.filter(({ sha256 }) => before.some((other) => other.sha256 === sha256)),
  ).toHaveLength(2);
});

test("differences between snapshots of a chain are those of the trees", async () => {
  const one = scene();
  const before = (await one.take()).snapshot.id;
  appendFileSync(at(one.tree, 7), "more");
  const middle = (await one.take()).snapshot.id;
  appendFileSync(at(one.tree, 300), "more");
  const after = (await one.take()).snapshot.id;
  const told = async (from: string, to: string) => {
    const [was, is] = [await open(one.store, from), await open(one.store, to)];
    const { changes } = await compareSnapshots({ before: was, after: is, path: "" });
    return changes.map(({ change: kind, path }) => `${kind} ${path}`).sort();
  };
  const [seven, threeHundred] = [`changed ${pathOf(7)}`, `changed ${pathOf(300)}`];
  expect(await told(before, middle)).toEqual([seven]);
  expect(await told(middle, after)).toEqual([threeHundred]);
  expect(await told(before, after)).toEqual([threeHundred, seven].sort());
  expect(await told(after, before)).toEqual([threeHundred, seven].sort());
});

test("damage of what was amended is told, and nothing is restored in an earlier form", async () => {
  const one = scene();
  await one.take();
  appendFileSync(at(one.tree, 7), "more");
  const { id } = (await one.take()).snapshot;
  const { amendments } = await (await open(one.store, id)).manifest();
  const [amendment] = amendments;
  const key = objectKey({ kind: "page", sha256: amendment?.sha256 ?? "" }, false);
  truncateSync(join(one.repository, key), 40);
  const { problems } = await verify({ store: one.store, id });
  expect(problems.join("\n")).toContain(amendment?.sha256);
  const target = join(one.folder, "out");
  const report = await restore({ store: one.store, id, target });
  expect(report.damaged).toHaveLength(1);
  expect(existsSync(at(target, 7))).toBe(false);
});
