import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { rounds, timeLimit } from "../../support/every.ts";
import { randomFrom } from "../../support/random.ts";
import type { Act, Ending } from "./actor.ts";
import { restore, temporaryFolder, verify, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

const run = promisify(execFile);
const program = join(import.meta.dirname, "actor.ts");
const seed = Number(process.env["STUDIO_TEST_SEED"] ?? Date.now() % 1_000_000_007);
const random = randomFrom(seed);
const aDay = 24 * 3_600_000;

interface Scene {
  folder: string;
  repository: string;
  workDirectory: string;
  trees: Map<string, ReturnType<typeof describeTree>>;
}

function scene(): Scene {
  const folder = temporaryFolder();
  const [repository, workDirectory] = [join(folder, "repository"), join(folder, "work")];
  return { folder, repository, workDirectory, trees: new Map() };
}

async function perform(one: Scene, act: Partial<Act> & Pick<Act, "action">): Promise<Ending> {
  const { repository, workDirectory } = one;
  const usual = { after: random.below(300), ahead: 0, id: "", folder: "", keep: 2 };
  const whole: Act = { ...usual, repository, workDirectory, ...act };
  const { stdout } = await run(process.execPath, [program, JSON.stringify(whole)]);
  return JSON.parse(stdout) as Ending;
}

function expectDone(endings: readonly Ending[], where: string): void {
  expect(
    endings.filter(({ ok }) => !ok),
    where,
  ).toEqual([]);
}

let made = 0;

/** A tree of its own for each run, that has much in common with the others. */
function nextTree(one: Scene): { id: string; folder: string } {
  made += 1;
  const id = `2026${String(made).padStart(4, "0")}T000000Z-aaaa`;
  const folder = join(one.folder, `tree-${made}`);
  const earlier = readdirSync(one.folder).filter((name) => name.startsWith("tree-"))[0];
  if (earlier !== undefined) cpSync(join(one.folder, earlier), folder, { recursive: true });
  else writeTree(folder, { common: randomBytes(1_500_000) });
  writeTree(folder, { own: randomBytes(2000), [`only-${made % 3}`]: String(made) });
  one.trees.set(id, describeTree(folder));
  return { id, folder };
}

const create = (one: Scene) => perform(one, { action: "create", ...nextTree(one) });
const prune = (one: Scene) => perform(one, { action: "prune", ahead: 2 * aDay });

async function expectAllWhole(one: Scene, where: string): Promise<string[]> {
  const store = localStore(one.repository);
  const listed = await listSnapshots(store);
  for (const { id, damaged } of listed) {
    expect(damaged, where).toBeNull();
    const target = join(one.folder, `out-${id}`);
    rmSync(target, { recursive: true, force: true });
    expect((await restore({ store, id, target })).damaged, where).toEqual([]);
    expect(describeTree(target), `${where}: ${id}`).toEqual(one.trees.get(id));
    rmSync(target, { recursive: true });
    expect((await verify({ store, id })).problems, where).toEqual([]);
  }
  const locks = readdirSync(join(one.repository, "locks"));
  expect(locks, where).toEqual([]);
  return listed.map(({ id }) => id);
}

test(
  "two that create at once, also the very first, both get their snapshot",
  async () => {
    let one = scene();
    for (let round = 1; round <= rounds(3, 100); round += 1) {
      if (round % 3 === 0) one = scene();
      const where = `STUDIO_TEST_SEED=${seed}, round ${round}`;
      expectDone(await Promise.all([create(one), create(one)]), where);
      if (round % 3 === 2) expect((await prune(one)).ok).toBe(true);
      await expectAllWhole(one, where);
    }
  },
  timeLimit(900_000),
);

test(
  "create and prune at once leave whole what is listed, and the new snapshot",
  async () => {
    const one = scene();
    await create(one);
    for (let round = 1; round <= rounds(3, 100); round += 1) {
      const where = `STUDIO_TEST_SEED=${seed}, round ${round}`;
      const tree = nextTree(one);
      const both = [perform(one, { action: "create", ...tree }), prune(one)];
      expectDone(await Promise.all(both), where);
      expect(await expectAllWhole(one, where)).toContain(tree.id);
    }
  },
  timeLimit(900_000),
);

test(
  "a restore during a prune is right or told, never wrong",
  async () => {
    const one = scene();
    await create(one);
    let complete = 0;
    for (let round = 1; round <= rounds(3, 100); round += 1) {
      const where = `STUDIO_TEST_SEED=${seed}, round ${round}`;
      await create(one);
      await create(one);
      const ids = (await listSnapshots(localStore(one.repository))).map(({ id }) => id);
      const id = random.pick(ids);
      const folder = join(one.folder, "restored");
      // Twice: given up first, then removed at once, for the trash is emptied without delay.
      const [ending] = await Promise.all([
        perform(one, { action: "restore", id, folder }),
        prune(one).then(() => prune(one)),
      ]);
      if (ending.ok && ending.damaged === 0) {
        complete += 1;
        expect(describeTree(folder), where).toEqual(one.trees.get(id));
      } else if (!ending.ok) {
        expect(ending.code, where).toMatch(/^(backup\.damaged|usage)$/);
      }
      for (const path of [folder, `${folder}.kept`]) rmSync(path, { recursive: true, force: true });
      await expectAllWhole(one, where);
    }
    expect(complete).toBeGreaterThan(0);
  },
  timeLimit(900_000),
);

test(
  "a verification during a create and a prune finds no fault with what is sound",
  async () => {
    const one = scene();
    await create(one);
    for (let round = 1; round <= rounds(3, 100); round += 1) {
      const where = `STUDIO_TEST_SEED=${seed}, round ${round}`;
      const ids = (await listSnapshots(localStore(one.repository))).map(({ id }) => id);
      const id = ids.at(-1) ?? "";
      const [ending, ...others] = await Promise.all([
        perform(one, { action: "verify", id }),
        create(one),
        perform(one, { action: "prune", ahead: 2 * aDay, keep: 3 }),
      ]);
      expectDone(others, where);
      expect(ending, where).toMatchObject({ ok: true, problems: [] });
      await expectAllWhole(one, where);
    }
  },
  timeLimit(900_000),
);
