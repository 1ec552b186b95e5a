import { undoRestore } from "../../backup/restore/journal.ts";
import { restoreSnapshot } from "../../backup/restore/restore.ts";
import { verifySnapshot } from "../../backup/verify/verify.ts";
import { StudioError, exitCodes } from "../../errors.ts";
import { createAdvance } from "../../format/advance.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { type Step, nothingToProbe, nothingToUndo } from "../../operation/step.ts";
import { backupWorkDirectory, withRepository } from "../backup-repository.ts";
import { damagedFiles } from "../damaged-files.ts";
import { readIdentities } from "../identities.ts";
import { upSteps } from "../run-release.ts";
import { serveAgain } from "../serve-again.ts";
import { withSnapshot } from "../snapshot-of.ts";
import { isWhole } from "../target.ts";
import type { Workplace } from "../workplace.ts";
import { restoreDatabaseSteps } from "./restore-database.ts";
import { type RestoreInput, restoresFiles } from "./restore-input.ts";
import { restoreTablesSteps } from "./restore-tables.ts";
import { tidyStep } from "./unpack-database.ts";

export function restoreSteps(place: Workplace, ledger: Ledger, input: RestoreInput): Step[] {
  const { release, notice } = input;
  const asBefore = { status: "current", ...(notice === undefined ? {} : { notice }) } as const;
  const serve = release === null ? [] : upSteps(place, ledger, { release, ...asBefore });
  const again = serve
    .filter(({ id }) => id !== "preflight" && id !== "record")
    // The database that an undo puts back lives in one of these.
    .map((step) => (step.id === "services" ? { ...step, undo: nothingToUndo } : step));
  const { beside, inPlace } = restoreDatabaseSteps(place, input);
  const unpacks = input.tables.length > 0 || (input.database && beside.length > 0);
  return [
    verifyStep(place, input),
    ...(input.database ? [...beside, stopStep(place, input), ...inPlace, ...again] : []),
    ...(input.tables.length > 0 ? restoreTablesSteps(place, input) : []),
    ...(restoresFiles(input) ? [filesStep(place, input)] : []),
    ...(unpacks ? [tidyStep(place, input)] : []),
  ];
}

export function verifyStep(place: Workplace, input: RestoreInput): Step {
  const { snapshot, identityFiles, remark, fresh } = input;
  return {
    id: "verify",
    title: `Read snapshot ${snapshot} whole`,
    kind: "refusal",
    skip: () => (fresh ? "nothing is there to be replaced; each file is proven as written" : null),
    probe: nothingToProbe,
    undo: nothingToUndo,
    async do(run) {
      if (remark !== null) run.note(remark);
      const identities = await readIdentities(identityFiles);
      const report = await withRepository(place, (store) =>
        verifySnapshot({
          store,
          id: snapshot,
          // What is restored is proven once more as it is written, and a database is counted.
          depth: { kind: "stored" },
          identities,
          workDirectory: backupWorkDirectory(place.project),
          now: () => place.desk.now(),
          signal: run.signal,
        }),
      );
      if (report.ok) return;
      throw new StudioError({
        code: "backup.damaged",
        message: `Snapshot ${snapshot} is damaged: ${report.problems.join(" ")}`,
        hint: "`studio backup list` shows the others.",
        exitCode: exitCodes.checkFailed,
        details: report,
      });
    },
  };
}

function stopStep({ target }: Workplace, { release, notice }: RestoreInput): Step {
  return {
    id: "stop",
    title: "Stop the release that uses the database",
    skip: () => (release === null ? "none serves" : null),
    probe: nothingToProbe,
    async do(run) {
      if (release !== null) await target.stop(run, release);
    },
    async undo(run) {
      if (release === null) return;
      const state = await target.state(release);
      if (state.accepting && isWhole(state)) return;
      await serveAgain(target, run, { release, notice: notice ?? null }, null);
    },
  };
}

export function filesStep(place: Workplace, input: RestoreInput): Step {
  const { target, keepReplacedIn, paths, include, exclude, conflict } = input;
  return {
    id: "files",
    title: `Restore files to ${target}`,
    probe: nothingToProbe,
    async do(run) {
      const { signal } = run;
      const wanted = { target, paths, include, exclude, conflict, keepReplacedIn, signal };
      const advance = createAdvance(run.say);
      const report = await withSnapshot(place, input.snapshot, input.identityFiles, (open) =>
        run.effect("restore", (reach) => {
          const onProgress = (progress: Parameters<typeof advance>[0]) => {
            reach("member");
            advance(progress);
          };
          return restoreSnapshot({ onProgress, ...open, ...wanted });
        }),
      );
      const [damaged] = report.damaged;
      if (damaged !== undefined) throw damagedFiles(input.snapshot, report.damaged);
      if (report.attributes !== null) run.note(report.attributes);
      return { written: report.written, left: report.left, bytes: report.bytes };
    },
    async undo(run) {
      await run.effect("put-back", () => undoRestore({ target, keepReplacedIn }));
    },
  };
}
