import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fileNames } from "../../../src/remote/host/name-files.ts";

test("what is said of a copy names the sender's files, and the host's own where they are linked to", () => {
  const home = mkdtempSync(join(tmpdir(), "studio-home-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const folder = join(home, "copy");
  mkdirSync(join(folder, "models"), { recursive: true });
  writeFileSync(join(folder, "studio.yaml"), "name: s\n");
  symlinkSync(join(home, "state"), join(folder, ".studio"));
  const named = fileNames({ folder, home, directory: "/work/shop" });

  expect(named(`${folder}/studio.yaml:3 is wrong; see ${folder}.`)).toBe(
    "/work/shop/studio.yaml:3 is wrong; see /work/shop.",
  );
  expect(named(`chmod 700 ${folder}/.studio`)).toBe(`chmod 700 ${home}/.studio`);
  expect(named(`"${folder}/.studio/backups/a b"`)).toBe(`"${home}/.studio/backups/a b"`);
  expect(named(`${folder}/models and ${folder}/none.sql are there`)).toBe(
    "/work/shop/models and /work/shop/none.sql are there",
  );
  expect(named(`${home}/studio.yaml and ${folder}s/x stay`)).toBe(
    `${home}/studio.yaml and ${folder}s/x stay`,
  );
});
