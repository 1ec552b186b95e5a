import { setTimeout as delay } from "node:timers/promises";
import { createSnapshot } from "../../../src/backup/create/create.ts";
import { restoreSnapshot } from "../../../src/backup/restore/restore.ts";
import { pruneSnapshots } from "../../../src/backup/retention/prune.ts";
import { Snapshot } from "../../../src/backup/snapshot/open-snapshot.ts";
import { filesSource } from "../../../src/backup/sources/files.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { verifySnapshot } from "../../../src/backup/verify/verify.ts";
import { StudioError } from "../../../src/errors.ts";
import { faultyDisk } from "../../support/faulty-disk.ts";

/** What one process of several is to do with a repository; see concurrency.test.ts. */
export interface Act {
  action: "create" | "prune" | "restore" | "verify";
  repository: string;
  workDirectory: string;
  /** Milliseconds to wait first. */
  after: number;
  /** Milliseconds by which its clock goes ahead. */
  ahead: number;
  id: string;
  /** Backed up by create, written by restore. */
  folder: string;
  keep: number;
  /** Kill the process ahead of the n-th change of the disk below `spied`. */
  killAt?: number;
  spied?: string;
  conflict?: "fail" | "always";
}

/** What it says on its standard output: one line of JSON. */
export type Ending =
  | {
      ok: true;
      damaged: number;
      problems: string[];
      removed: number;
      skipped: { path: string; reason: string }[];
    }
  | { ok: false; code: string; message: string };

async function act(one: Act): Promise<Omit<Extract<Ending, { ok: true }>, "ok">> {
  const { action, id, workDirectory, folder } = one;
  const store = localStore(one.repository);
  const now = (): Date => new Date(Date.now() + one.ahead);
  const nothing = { damaged: 0, problems: [], removed: 0, skipped: [] };
  switch (action) {
    case "create": {
      const { skipped } = await createSnapshot({
        store,
        id,
        set: "full",
        environment: "local",
        release: null,
        schemaHead: null,
        toolVersion: "0.0.0",
        sources: [filesSource({ directory: folder, include: ["**"], exclude: [] })],
        workDirectory,
        guides: { "README.txt": "How to restore." },
        now,
        lockWait: 120_000,
      });
      return { ...nothing, skipped };
    }
    case "prune": {
      const counts = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
      const retention = { ...counts, last: one.keep, floor: 1 };
      const report = await pruneSnapshots({
        store,
        retention,
        now,
        plan: false,
        trashFor: 0,
        lockWait: 120_000,
      });
      return { ...nothing, removed: report.removed.length };
    }
    case "restore": {
      const snapshot = await Snapshot.open({ store, id, opener: null });
      const { damaged } = await restoreSnapshot({
        snapshot,
        store,
        identities: [],
        target: folder,
        conflict: one.conflict ?? "fail",
        keepReplacedIn: `${folder}.kept`,
      });
      return { ...nothing, damaged: damaged.length };
    }
    case "verify": {
      const depth = { kind: "data" as const, percent: 100 };
      const report = await verifySnapshot({ store, id, depth, identities: [], workDirectory, now });
      return { ...nothing, problems: report.problems };
    }
  }
}

async function main(): Promise<void> {
  const one = JSON.parse(process.argv[2] ?? "") as Act;
  await delay(one.after);
  if (one.spied !== undefined) faultyDisk(one.spied).arm("killed", one.killAt ?? 0);
  let ending: Ending;
  try {
    ending = { ok: true, ...(await act(one)) };
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    ending = { ok: false, code: error.code, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(ending)}\n`);
}

await main();
