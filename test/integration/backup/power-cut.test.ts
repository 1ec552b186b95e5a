import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pruneSnapshots } from "../../../src/backup/retention/prune.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { everyStep, timeLimit } from "../../support/every.ts";
import { forgetfulStore, isPowerCut } from "../../support/forgetful-store.ts";
import { randomFrom } from "../../support/random.ts";
import { everything, snapshot, temporaryFolder, verify, writeTree } from "./fixtures.ts";

const retention = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 1 };
const aDay = 24 * 3_600_000;

test(
  "after a power cut at any change every snapshot that is listed is whole",
  async () => {
    const seed = Number(process.env["STUDIO_TEST_SEED"] ?? Date.now() % 1_000_000_007);
    const random = randomFrom(seed);
    const folder = temporaryFolder();
    const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
    const store = forgetfulStore();
    let day = 0;
    let made = 0;
    let lastWhole = "";
    const now = () => new Date(Date.now() + day * aDay);

    /** One run of everything, broken off at a change, or not at all. */
    const live = async (cut: number): Promise<boolean> => {
      made += 1;
      day += 2;
      writeTree(tree, { same: "same", [`only${made}`]: randomBytes(2000) });
      rmSync(join(tree, `only${made - 1}`), { force: true });
      const id = `2026${String(made).padStart(4, "0")}T000000Z-aaaa`;
      store.cutAt(cut);
      try {
        await snapshot({ store, sources: [everything(tree)], workDirectory, id, now });
        lastWhole = id;
        await pruneSnapshots({ store, retention, now, plan: false });
        store.cutAt(0);
        return true;
      } catch (error) {
        if (!isPowerCut(error)) throw error;
        return false;
      }
    };

    for (let count = 1; count <= 3; count += 1) await live(0);
    let cuts = 0;
    const step = everyStep ? 1 : 3;
    for (let cut = 1; !(await live(cut)); cut += step) {
      cuts += 1;
      store.reboot(random);
      const where = `STUDIO_TEST_SEED=${seed}, cut at ${cut}`;
      const listed = await listSnapshots(store);
      expect(
        listed.map(({ id }) => id),
        where,
      ).toContain(lastWhole);
      for (const { id, damaged } of listed) {
        expect(damaged, where).toBeNull();
        expect((await verify({ store, id })).problems, `${where}: ${id}`).toEqual([]);
      }
      await live(0);
    }
    expect(cuts).toBeGreaterThan(6);
  },
  timeLimit(300_000),
);
