import { type CloneScene, openScene, runOnClone } from "./clone-scene.ts";
import { type Clone, openClone } from "./clone.ts";
import {
  type PlannedMigration,
  notRehearsed,
  planRehearsal,
  whileNobodyMigrates,
} from "./plan-rehearsal.ts";
import type { RehearsalInput } from "./rehearsal-input.ts";
import type { RehearsalReport, RehearsedMigration } from "./report.ts";
import { addSizes, concernedTables } from "./table-sizes.ts";
import { tryMigration } from "./try-migration.ts";
import { verdictOn } from "./verdict.ts";

/** Runs the pending migrations on a copy of the database, as in earnest; then removes the copy. */
export async function rehearseOnClone(input: RehearsalInput): Promise<RehearsalReport> {
  const { planned, clone } = await whileNobodyMigrates(input, async () => {
    const planned = await planRehearsal(input);
    return { planned, clone: planned.length === 0 ? null : await openClone(input, "everything") };
  });
  if (clone === null) {
    return { on: "clone", ok: true, complete: true, migrations: [], milliseconds: 0, notes: [] };
  }
  return withClone(clone, async (notes) => {
    const scene = await openScene(input, clone);
    try {
      const started = performance.now();
      const migrations = await tryAll(input, scene, planned);
      const milliseconds = Math.round(performance.now() - started);
      const sizes = await scene.observer.sizes(concernedTables(migrations)).catch(() => new Map());
      addSizes(migrations, sizes);
      notes.push(...scene.observer.notes());
      return { on: "clone", ...verdictOn(migrations), migrations, milliseconds, notes };
    } finally {
      await scene.close();
    }
  });
}

/** Removes the copy after `work`, whatever happens, and notes where that failed. */
export async function withClone<T>(
  clone: Clone,
  work: (notes: string[]) => Promise<T>,
): Promise<T> {
  const notes = [...clone.notes];
  try {
    return await work(notes);
  } finally {
    const left = await clone.remove();
    if (left !== null) notes.push(left);
  }
}

async function tryAll(
  input: RehearsalInput,
  scene: CloneScene,
  planned: readonly PlannedMigration[],
): Promise<RehearsedMigration[]> {
  const migrations: RehearsedMigration[] = [];
  let ended: string | null = null;
  for (const { migration, unfinished } of planned) {
    if (ended !== null || unfinished !== null) {
      migrations.push(
        notRehearsed(migration, ended ?? "it stopped half-way, and goes on from there"),
      );
      continue;
    }
    await scene.observer.begin(scene.session);
    const tried = await tryMigration({
      migration,
      input,
      meter: scene.meter,
      stopped: () => null,
      work: (module, trace) => runOnClone(input, scene, module, trace, "up"),
    });
    migrations.push(tried);
    if (tried.outcome !== "done") ended = `${migration.name} did not come to its end`;
  }
  return migrations;
}
