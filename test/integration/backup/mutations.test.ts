import { randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generateIdentity } from "../../../src/backup/age/identity.ts";
import { restorePlan } from "../../../src/backup/restore/plan.ts";
import { pruneSnapshots } from "../../../src/backup/retention/prune.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { StudioError } from "../../../src/errors.ts";
import { rounds } from "../../support/every.ts";
import { type Random, randomFrom } from "../../support/random.ts";
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

const retention = { last: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 1 };
const keepingTimes = { recursive: true, preserveTimestamps: true };
const aDay = 24 * 3_600_000;

type Tree = ReturnType<typeof describeTree>;

/** Three snapshots, one of them in the trash, with the record of a lock and a verification. */
async function scene(encrypted: boolean) {
  const folder = temporaryFolder();
  const start = join(folder, "start");
  const tree = join(folder, "tree");
  const { identity, recipient } = generateIdentity();
  const store = localStore(join(start, "repository"));
  const identities = encrypted ? [identity] : [];
  const recipients = encrypted ? [recipient] : [];
  const options = {
    store,
    sources: [everything(tree)],
    recipients,
    workDirectory: join(start, "work"),
    guides: { "README.txt": "How to restore." },
  };
  const trees: Record<string, Tree> = {};
  for (const number of [1, 2, 3]) {
    writeTree(tree, {
      same: "same",
      [`f${number}`]: randomBytes(200),
      large: randomBytes(1_100_000),
    });
    const id = `2026010${number}T000000Z-aaaa`;
    await snapshot({ ...options, id });
    trees[id] = describeTree(tree);
  }
  await pruneSnapshots({ store, retention, now: () => new Date(), plan: false });
  await verify({ store, id: "20260102T000000Z-aaaa", identities });
  const lock = { pid: 1, host: "elsewhere", bootId: "b", purpose: "testing", beat: "2020-01-01" };
  await store.put("locks/0123456789abcdef.json", Buffer.from(JSON.stringify(lock)));
  return { folder, start, tree, trees, recipients, identities };
}

/** Changes one file of the folder; says which and how. */
function mutate(place: string, random: Random): string {
  const files = readdirSync(place, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(place, name)).isFile())
    .toSorted();
  // Small files matter as much as the many objects.
  const metadata = files.filter((name) => !name.includes("objects/"));
  const name = random.pick(random.below(4) === 0 ? files : metadata);
  const file = join(place, name);
  const bytes = readFileSync(file);
  const at = random.below(Math.max(1, bytes.length));
  switch (random.below(8)) {
    case 0:
      rmSync(file);
      return `${name} removed`;
    case 1:
      writeFileSync(file, bytes.subarray(0, at));
      return `${name} cut to ${at}`;
    case 2: {
      const other = random.pick(files);
      const content = readFileSync(join(place, other));
      writeFileSync(join(place, other), bytes);
      writeFileSync(file, content);
      return `${name} swapped with ${other}`;
    }
    case 3: {
      const lines = bytes.toString("latin1").split("\n");
      const line = random.below(lines.length);
      lines.splice(line, 1);
      writeFileSync(file, lines.join("\n"), "latin1");
      return `${name} without line ${line}`;
    }
    case 4:
      writeFileSync(
        file,
        Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from([random.below(256)]),
          bytes.subarray(at),
        ]),
      );
      return `${name} with a byte more at ${at}`;
    case 5: {
      // A digit for a digit, a letter for a letter: what still reads as before.
      const digits = [...bytes.keys()].filter((index) =>
        /[0-9a-z]/.test(String.fromCharCode(bytes[index] ?? 0)),
      );
      const where = digits[random.below(Math.max(1, digits.length))] ?? 0;
      bytes[where] = "0123456789abcdef".charCodeAt(random.below(16));
      writeFileSync(file, bytes);
      return `${name} with another digit at ${where}`;
    }
    case 6:
      bytes[at] = random.below(256);
      writeFileSync(file, bytes);
      return `${name} with another byte at ${at}`;
    default:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      writeFileSync(file, bytes);
      return `${name} with a flipped bit at ${at}`;
  }
}

/** The value, or null for an error that an operator can act on; anything else is a bug. */
async function told<T>(where: string, action: () => Promise<T>): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof StudioError)) throw new Error(where, { cause: error });
    expect(error.message, where).toMatch(/[.)]$/);
    expect(error.exitCode, where).toBeGreaterThan(1);
    return null;
  }
}

test.each([false, true])(
  "any change to a file of a repository is told or does no harm, encrypted: %s",
  async (encrypted) => {
    const seed = Number(process.env["STUDIO_TEST_SEED"] ?? Date.now() % 1_000_000_007);
    const random = randomFrom(seed);
    const one = await scene(encrypted);
    const place = join(one.folder, "place");
    for (let number = 1; number <= rounds(25, 1000); number += 1) {
      rmSync(place, { recursive: true, force: true });
      cpSync(one.start, place, keepingTimes);
      const changes = Array.from({ length: random.below(3) === 0 ? 2 : 1 }, () =>
        mutate(place, random),
      );
      const where = `STUDIO_TEST_SEED=${seed}, ${number}: ${changes.join(", ")}`;
      await inspect(one, place, where, random);
    }
  },
  3_600_000,
);

async function inspect(
  one: Awaited<ReturnType<typeof scene>>,
  place: string,
  where: string,
  random: Random,
): Promise<void> {
  const { identities, recipients } = one;
  const store = localStore(join(place, "repository"));
  const ids = Object.keys(one.trees);
  const sound = new Set<string>();
  await told(where, () => listSnapshots(store));
  for (const id of ids) {
    const target = join(place, `out-${id}`);
    await told(where, async () =>
      restorePlan({ snapshot: await open(store, id, identities), target }),
    );
    const report = await told(where, () => verify({ store, id, identities }));
    const restored = await told(where, () => restore({ store, id, identities, target }));
    const whole = restored !== null && restored.damaged.length === 0;
    // No wrong byte, and what is sound by its verification can be restored.
    if (existsSync(target)) expectSameFiles(target, one.trees[id] ?? {}, where);
    if (whole) expect(describeTree(target), where).toEqual(one.trees[id]);
    if (report?.ok === true) {
      expect(whole, where).toBe(true);
      sound.add(id);
    } else if (report !== null) expect(report.problems.length, where).toBeGreaterThan(0);
  }
  if (random.below(3) === 0) await pruneAndCheck(one, store, sound, where);
  // What is damaged must not spread; the rest need not be tried each time.
  if (sound.size === ids.length && !where.includes("work/") && random.below(4) > 0) return;
  writeTree(one.tree, { same: "same", new: randomBytes(50) });
  const id = "20260109T000000Z-aaaa";
  const sources = [everything(one.tree)];
  const workDirectory = join(place, "work");
  const made = await told(where, () => snapshot({ store, sources, recipients, workDirectory, id }));
  if (made === null) return;
  for (const earlier of sound) {
    expect((await verify({ store, id: earlier, identities })).problems, where).toEqual([]);
  }
  const report = await verify({ store, id, identities });
  if (!report.ok) {
    // It refers to what was damaged before: once that is known, the next snapshot does not.
    const again = "20260110T000000Z-aaaa";
    await snapshot({ store, sources, recipients, workDirectory, id: again });
    expect((await verify({ store, id: again, identities })).problems, where).toEqual([]);
  }
  const target = join(place, "out-new");
  const last = report.ok ? id : "20260110T000000Z-aaaa";
  await restore({ store, id: last, identities, target });
  expect(describeTree(target), where).toEqual(describeTree(one.tree));
}

/** Whatever file is there holds what was backed up. */
function expectSameFiles(target: string, tree: Tree, where: string): void {
  for (const [path, { content }] of Object.entries(describeTree(target))) {
    expect(tree[path]?.content, `${where}: ${path}`).toBe(content);
  }
}

async function pruneAndCheck(
  one: Awaited<ReturnType<typeof scene>>,
  store: ReturnType<typeof localStore>,
  sound: Set<string>,
  where: string,
): Promise<void> {
  const now = () => new Date(Date.now() + 2 * aDay);
  const report = await told(where, () => pruneSnapshots({ store, retention, now, plan: false }));
  for (const id of report?.removed ?? []) sound.delete(id);
  for (const id of sound) {
    const { problems } = await verify({ store, id, identities: one.identities });
    expect(problems, `${where}, pruned`).toEqual([]);
  }
}
