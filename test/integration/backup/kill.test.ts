import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, linkSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { undoRestore } from "../../../src/backup/restore/journal.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { stride, timeLimit } from "../../support/every.ts";
import type { Act } from "./actor.ts";
import { everything, restore, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

const program = join(import.meta.dirname, "actor.ts");
const keepingTimes = { recursive: true, preserveTimestamps: true };
const [first, second] = ["20260101T000000Z-aaaa", "20260102T000000Z-aaaa"];
const aDay = 24 * 3_600_000;

async function scene() {
  const folder = temporaryFolder();
  const [tree, start] = [join(folder, "tree"), join(folder, "start")];
  const store = localStore(join(start, "repository"));
  const options = { store, sources: [everything(tree)], workDirectory: join(start, "work") };
  const trees: Record<string, ReturnType<typeof describeTree>> = {};
  for (const id of [first, second]) {
    writeTree(tree, { same: "same", "b/c": randomBytes(3000), large: randomBytes(1_100_000) });
    if (id === first) linkSync(join(tree, "large"), join(tree, "b", "z other name"));
    await snapshot({ ...options, id });
    trees[id] = describeTree(tree);
  }
  writeTree(tree, { same: "changed", new: "new", large: randomBytes(1_200_000) });
  const place = join(folder, "place");
  return { folder, tree, start, place, trees };
}

/** Whether the process was killed before it was done. */
function perform(place: string, act: Partial<Act> & Pick<Act, "action">, killAt: number): boolean {
  const repository = join(place, "repository");
  const workDirectory = join(place, "work");
  const usual = { after: 0, ahead: 0, id: second, folder: "", keep: 1, spied: place };
  const whole: Act = { ...usual, repository, workDirectory, killAt, ...act };
  const argv = [program, JSON.stringify(whole)];
  const { signal, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  if (signal === "SIGKILL") return true;
  expect([stderr, stdout]).toEqual(["", expect.stringContaining('"ok":true') as string]);
  return false;
}

type Scene = Awaited<ReturnType<typeof scene>>;

async function expectWhole(one: Scene, where: string, ...ids: string[]): Promise<void> {
  const store = localStore(join(one.place, "repository"));
  const listed = await listSnapshots(store);
  expect(
    listed.map(({ id }) => id),
    where,
  ).toEqual(expect.arrayContaining(ids));
  for (const { id, damaged } of listed) {
    expect(damaged, where).toBeNull();
    expect((await verify({ store, id })).problems, `${where}: ${id}`).toEqual([]);
    const target = join(one.folder, "out");
    rmSync(target, { recursive: true, force: true });
    await restore({ store, id, target });
    expect(describeTree(target), where).toEqual(one.trees[id] ?? describeTree(one.tree));
  }
}

/** Kills a run ahead of each of its changes, each time in a fresh copy of the place. */
async function killEverywhere(
  one: Scene,
  short: number,
  act: Partial<Act> & Pick<Act, "action">,
  check: (where: string) => Promise<void>,
): Promise<number> {
  let rounds = 0;
  for (let at = 1, killed = true; killed; at += stride(short)) {
    rmSync(one.place, { recursive: true, force: true });
    cpSync(one.start, one.place, keepingTimes);
    killed = perform(one.place, act, at);
    await check(`${act.action} killed at ${at}`);
    rounds += 1;
  }
  return rounds;
}

test(
  "a snapshot that is killed anywhere harms none, and the next one cleans up",
  async () => {
    const one = await scene();
    const id = "20260103T000000Z-aaaa";
    const rounds = await killEverywhere(
      one,
      19,
      { action: "create", id, folder: one.tree },
      async (where) => {
        await expectWhole(one, where, first, second);
        const next = "20260104T000000Z-aaaa";
        expect(perform(one.place, { action: "create", id: next, folder: one.tree }, 0)).toBe(false);
        await expectWhole(one, where, first, second, next);
        const left = readdirSync(one.place, { recursive: true }).map(String);
        const unwanted = left.filter((name) => /\.tmp$|locks\/./.test(name));
        expect(unwanted, where).toEqual([]);
      },
    );
    expect(rounds).toBeGreaterThan(2);
  },
  timeLimit(900_000),
);

test(
  "a prune that is killed anywhere keeps what is to be kept, and goes on",
  async () => {
    const one = await scene();
    const ahead = 2 * aDay;
    const rounds = await killEverywhere(one, 5, { action: "prune", ahead }, async (where) => {
      await expectWhole(one, where, second);
      for (const days of [2, 4]) {
        expect(perform(one.place, { action: "prune", ahead: days * aDay }, 0)).toBe(false);
      }
      await expectWhole(one, where, second);
      expect(readdirSync(join(one.place, "repository", "snapshots")), where).toEqual([second]);
    });
    expect(rounds).toBeGreaterThan(2);
  },
  timeLimit(900_000),
);

test(
  "a verification that is killed anywhere leaves its snapshot as it was",
  async () => {
    const one = await scene();
    const rounds = await killEverywhere(one, 3, { action: "verify" }, (where) =>
      expectWhole(one, where, first, second),
    );
    expect(rounds).toBeGreaterThan(1);
  },
  timeLimit(900_000),
);

test(
  "a restore that is killed anywhere goes on, and can be undone",
  async () => {
    const one = await scene();
    const target = join(one.place, "target");
    const keepReplacedIn = `${target}.kept`;
    const mine = { same: "mine", "b/c": "mine", extra: "only here" };
    writeTree(join(one.start, "target"), mine);
    const before = describeTree(join(one.start, "target"));
    const act = { action: "restore", folder: target, conflict: "always" } as const;
    const rounds = await killEverywhere(one, 11, act, async (where) => {
      expect(perform(one.place, act, 0)).toBe(false);
      const { extra: _extra, ...found } = describeTree(target);
      const wanted = { ...one.trees[second] };
      // A folder that was there keeps its times.
      for (const tree of [found, wanted]) delete tree["b"];
      expect(found, where).toEqual(wanted);
      await undoRestore({ target, keepReplacedIn });
      const contents = (tree: typeof before) =>
        Object.entries(tree).map(([path, { content }]) => [path, content]);
      expect(contents(describeTree(target)), where).toEqual(contents(before));
    });
    expect(rounds).toBeGreaterThan(2);
  },
  timeLimit(900_000),
);
