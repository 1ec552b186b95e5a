import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { generateIdentity } from "../../../src/backup/age/identity.ts";
import { readGuides } from "../../../src/backup/guides.ts";
import { pruneSnapshots } from "../../../src/backup/retention/prune.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { everything, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";
import { buildHostileTree } from "./hostile-tree.ts";
import { describeTree } from "./trees.ts";
import { timeLimit } from "../../support/every.ts";

/** All that a restore by hand may use; among them is no Node. */
const tools = (
  "sh age zstd tar sha256sum awk sed grep cat cp mv ln mkdir rm ls cut sort tr touch chmod chown id " +
  "dirname basename printf"
).split(" ");
const aDay = 24 * 3_600_000;
const retention = { last: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 1 };

/** A folder with nothing but those programs, or the name of the first that is missing. */
function toolFolder(): { folder: string } | { missing: string } {
  const folder = temporaryFolder();
  for (const tool of tools) {
    const found = ["/usr/bin", "/bin"].map((one) => join(one, tool)).find(existsSync);
    if (found === undefined) return { missing: tool };
    symlinkSync(found, join(folder, tool));
  }
  return { folder };
}

function scene(encrypted: boolean) {
  const folder = temporaryFolder();
  const [tree, repository] = [join(folder, "tree"), join(folder, "repository")];
  const { identity, recipient } = generateIdentity();
  const keyFile = join(folder, "key file");
  writeFileSync(keyFile, `${identity}\n`, { mode: 0o600 });
  const store = localStore(repository);
  const workDirectory = join(folder, "work");
  const recipients = encrypted ? [recipient] : [];
  const guides = readGuides(resolve(import.meta.dirname, "../../../templates"));
  const take = (id: string) =>
    snapshot({ store, sources: [everything(tree)], recipients, workDirectory, guides, id });
  const byHand = (programs: string, parameters: string[], key = keyFile) =>
    spawnSync(
      join(programs, "sh"),
      [join(repository, "restore.sh"), ...(encrypted ? ["-i", key] : []), ...parameters],
      { encoding: "utf8", env: { PATH: programs }, cwd: "/" },
    );
  return { folder, tree, store, repository, take, byHand };
}

describe.each([false, true])("without studio and Node, encrypted: %s", (encrypted) => {
  test(
    "every snapshot of a chain comes back, also after a prune",
    async (context) => {
      const programs = toolFolder();
      if ("missing" in programs) return context.skip(`${programs.missing} is not installed`);
      const one = scene(encrypted);
      buildHostileTree(one.tree);
      const trees: Record<string, ReturnType<typeof describeTree>> = {};
      const note = async (id: string) => {
        expect((await one.take(id)).skipped).toEqual([]);
        trees[id] = describeTree(one.tree, 1_000_000);
      };
      await note("20260101T000000Z-aaaa");
      renameSync(join(one.tree, "large"), join(one.tree, "moved"));
      appendFileSync(join(one.tree, "moved"), randomBytes(300_000));
      rmSync(join(one.tree, "equal1"));
      await note("20260102T000000Z-aaaa");
      chmodSync(join(one.tree, "equal2"), 0o640);
      writeTree(one.tree, { "new/one": "new", "-rf": "an option", plain: "changed" });
      await note("20260103T000000Z-aaaa");
      const now = (day: number) => () => new Date(Date.now() + day * aDay);
      await pruneSnapshots({ store: one.store, retention, now: now(1), plan: false });
      const { removed } = await pruneSnapshots({ ...one, retention, now: now(3), plan: false });
      expect(removed).toEqual(["20260101T000000Z-aaaa"]);
      const ids = (await listSnapshots(one.store)).map(({ id }) => id);
      expect(ids).toHaveLength(2);
      expect(one.byHand(programs.folder, []).stdout.split("\n").filter(Boolean)).toHaveLength(2);
      for (const id of ids) {
        const target = join(one.folder, "out of", id);
        const { status, stderr } = one.byHand(programs.folder, [id, target]);
        expect([status, stderr]).toEqual([0, ""]);
        expect(describeTree(target, 1_000_000), id).toEqual(trees[id]);
        const list = ["--check", "--quiet", join("snapshots", id, "objects")];
        expect(spawnSync("sha256sum", list, { cwd: one.repository }).status).toBe(0);
      }
      chmodSync(join(one.tree, "read only"), 0o755);
    },
    timeLimit(120_000),
  );

  test("a tree without any ordinary file, and an empty one, come back", async (context) => {
    const programs = toolFolder();
    if ("missing" in programs) return context.skip(`${programs.missing} is not installed`);
    const one = scene(encrypted);
    mkdirSync(one.tree);
    await one.take("20260101T000000Z-aaaa");
    mkdirSync(join(one.tree, "folder"));
    symlinkSync("nowhere", join(one.tree, "link"));
    await one.take("20260102T000000Z-aaaa");
    writeFileSync(join(one.tree, "line\nbreak"), "x");
    await one.take("20260103T000000Z-aaaa");
    for (const { id } of await listSnapshots(one.store)) {
      const target = join(one.folder, id);
      const { status, stderr } = one.byHand(programs.folder, [id, target]);
      expect([id, status, stderr]).toEqual([id, 0, ""]);
    }
    const last = join(one.folder, "20260103T000000Z-aaaa");
    expect(describeTree(last, 1_000_000)).toEqual(describeTree(one.tree, 1_000_000));
  });

  test(
    "damage and a wrong key are told, and nothing is said to be restored",
    async (context) => {
      const programs = toolFolder();
      if ("missing" in programs) return context.skip(`${programs.missing} is not installed`);
      const one = scene(encrypted);
      mkdirSync(join(one.tree, "folder"), { recursive: true });
      symlinkSync("nowhere", join(one.tree, "link"));
      writeTree(one.tree, { a: "a", b: randomBytes(1_500_000) });
      const id = "20260101T000000Z-aaaa";
      await one.take(id);
      if (encrypted) {
        const other = join(one.folder, "other");
        writeFileSync(other, `${generateIdentity().identity}\n`);
        const wrong = one.byHand(programs.folder, [id, join(one.folder, "wrong")], other);
        expect(wrong.status).not.toBe(0);
        expect(wrong.stderr).toContain("age: error: no identity matched");
        expect(wrong.stdout).toBe("");
      }
      const manifest = join(
        one.repository,
        "snapshots",
        id,
        `manifest.zst${encrypted ? ".age" : ""}`,
      );
      const list = readFileSync(join(one.repository, "snapshots", id, "objects"), "utf8");
      const files = [
        join(one.repository, "snapshots", id, "COMMIT"),
        join(one.repository, "snapshots", id, "objects"),
        manifest,
        ...list
          .trim()
          .split("\n")
          .map((line) => join(one.repository, line.slice(66))),
      ];
      for (const [number, file] of files.entries()) {
        const whole = readFileSync(file);
        const bytes = Buffer.from(whole);
        bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
        writeFileSync(file, bytes);
        const { status, stdout } = one.byHand(programs.folder, [id, join(one.folder, `${number}`)]);
        expect([file, status === 0]).toEqual([file, false]);
        expect(stdout).not.toContain("restored");
        writeFileSync(file, whole);
      }
    },
    timeLimit(180_000),
  );
});

test("a large file is its pieces, by hand and in one line", async (context) => {
  const programs = toolFolder();
  if ("missing" in programs) return context.skip(`${programs.missing} is not installed`);
  const one = scene(false);
  const content = randomBytes(9_000_000);
  writeTree(one.tree, { model: content });
  const { snapshot: made } = await one.take("20260101T000000Z-aaaa");
  expect(made.counts.files).toBe(1);
  const manifest = join(one.repository, "snapshots", made.id, "manifest.zst");
  const text = execFileSync("zstd", ["-dcq", manifest], { encoding: "utf8" });
  const page = /^page\t([0-9a-f]{64})/m.exec(text)?.[1] ?? "";
  const listing = join(one.repository, "objects", page.slice(0, 2), `${page}.page.zst`);
  const entries = execFileSync("zstd", ["-dcq", listing], { encoding: "utf8" });
  const pieces = [...entries.matchAll(/^o\t([0-9a-f]{64})\tchunk$/gm)].map(([, name = ""]) =>
    join(one.repository, "objects", name.slice(0, 2), `${name}.zst`),
  );
  const bytes = execFileSync("sh", ["-c", 'cat "$@" | zstd -dcq', "sh", ...pieces], {
    maxBuffer: 20_000_000,
  });
  expect(bytes.equals(content)).toBe(true);
});
