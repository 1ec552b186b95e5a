import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generateIdentity } from "../../../src/backup/age/identity.ts";
import { readGuides } from "../../../src/backup/guides.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { timeLimit } from "../../support/every.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { everything, restore, snapshot, temporaryFolder, verify } from "./fixtures.ts";
import { buildHostileTree } from "./hostile-tree.ts";
import { build, item } from "./random-tree.ts";
import { describeTree } from "./trees.ts";

const root = process.getuid?.() === 0;

describe.each([false, true])("a hostile tree, encrypted: %s", (encrypted) => {
  test(
    "comes back whole, by studio and by stock tools, also after it was changed",
    async (context) => {
      const folder = temporaryFolder();
      const [tree, repository, workDirectory] = [
        join(folder, "tree"),
        join(folder, "repository"),
        join(folder, "work"),
      ];
      const store = localStore(repository);
      const { identity, recipient } = generateIdentity();
      const recipients = encrypted ? [recipient] : [];
      const identities = encrypted ? [`${identity}\n`] : [];
      writeFileSync(join(folder, "key"), `${identity}\n`, { mode: 0o600 });
      const guides = readGuides(resolve(import.meta.dirname, "../../../templates"));
      buildHostileTree(tree);
      const options = { store, sources: [everything(tree)], recipients, workDirectory, guides };
      await snapshot({ ...options, id: "20260101T000000Z-aaaa" });
      // What is stored under another name, or with other attributes, is not stored again.
      renameSync(join(tree, "plain"), join(tree, "renamed"));
      renameSync(join(tree, "large"), join(tree, "moved"));
      chmodSync(join(tree, "equal1"), 0o600);
      const id = "20260101T000001Z-bbbb";
      const second = await snapshot({ ...options, id });
      expect(second).toMatchObject({ skipped: [], vanished: [], changed: [] });
      expect(second.ignored).toEqual([{ path: "fifo", kind: "a FIFO" }]);
      expect(second.added.bytes).toBeLessThan(10_000);
      expect(await verify({ store, id, identities })).toMatchObject({ ok: true, decrypted: true });

      await restore({ store, id, identities, target: join(folder, "restored") });
      expect(describeTree(join(folder, "restored"))).toEqual(describeTree(tree));
      expect(lstatSync(join(folder, "restored", "sparse")).blocks).toBeLessThan(1000);

      const missing = missingTools(encrypted ? ["zstd", "age"] : ["zstd"]);
      if (missing !== "") return context.skip(`${missing} is not installed`);
      const key = encrypted ? ["-i", join(folder, "key")] : [];
      const byHand = join(folder, "by hand");
      const script = [join(repository, "restore.sh"), ...key, id, byHand];
      const output = execFileSync("sh", script, {
        encoding: "utf8",
        env: { PATH: process.env["PATH"] },
      });
      expect(output).toContain(`restored ${id}`);
      // tar keeps whole seconds.
      expect(describeTree(byHand, 1_000_000)).toEqual(describeTree(tree, 1_000_000));
      expect(lstatSync(join(byHand, "sparse")).blocks).toBeLessThan(1000);
      const list = ["--check", "--quiet", join("snapshots", id, "objects")];
      expect(spawnSync("sha256sum", list, { cwd: repository }).status).toBe(0);
      chmodSync(join(tree, "read only"), 0o755);
    },
    timeLimit(180_000),
  );
});

function missingTools(tools: string[]): string {
  return tools.filter((tool) => spawnSync(tool, ["--version"]).error !== undefined).join(", ");
}

test(
  "any tree comes back after any change, with contents, modes, times and links",
  async () => {
    const trees = fc.array(fc.array(item, { maxLength: 8 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(trees, async (versions) => {
        const folder = temporaryFolder();
        const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
        const store = memoryStore();
        const made: { id: string; tree: ReturnType<typeof describeTree> }[] = [];
        for (const [index, items] of versions.entries()) {
          // Each version keeps what the one before had, and loses a part of it.
          if (index > 0) rmSync(join(tree, "a"), { recursive: true, force: true });
          build(tree, items);
          const id = `2026010${index + 1}T000000Z-aaaa`;
          const report = await snapshot({ store, id, sources: [everything(tree)], workDirectory });
          expect(report).toMatchObject({ skipped: [], vanished: [] });
          made.push({ id, tree: describeTree(tree) });
        }
        for (const one of made) {
          const target = join(folder, one.id);
          await restore({ store, id: one.id, target });
          expect(describeTree(target)).toEqual(one.tree);
          const again = await restore({ store, id: one.id, target });
          expect(again.written).toBe(0);
        }
      }),
      { numRuns: 12 },
    );
  },
  timeLimit(180_000),
);

test.runIf(root)("owners come back when the superuser restores", async () => {
  const { chownSync } = await import("node:fs");
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  mkdirSync(tree);
  writeFileSync(join(tree, "theirs"), "x");
  chownSync(join(tree, "theirs"), 1234, 4321);
  const store = memoryStore();
  const { snapshot: made } = await snapshot({ store, sources: [everything(tree)] });
  await restore({ store, id: made.id, target: join(folder, "out") });
  expect(describeTree(join(folder, "out"))).toEqual(describeTree(tree));
});
