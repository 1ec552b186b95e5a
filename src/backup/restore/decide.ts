import { StudioError, exitCodes } from "../../errors.ts";
import type { Entry, FileEntry } from "../format/entry.ts";
import type { ConflictPolicy } from "./conflict-policies.ts";
import type { PreparedRestore, RestorePlan, SelectedEntry } from "./plan.ts";

/** What is done about one entry. */
export interface Decision {
  entry: Entry;
  /** `write` where nothing is; `replace` what is there; `leave` it; `same`: nothing to do. */
  action: "write" | "replace" | "leave" | "same";
  /** Where it goes, relative to the target: the entry's path, or a name beside it. */
  path: string;
}

export function decide(prepared: PreparedRestore, policy: ConflictPolicy): Decision[] {
  if (policy === "fail") refuseConflicts(prepared.plan);
  const decisions = prepared.selected.map((one) => decideOne(one, policy, prepared.plan.id));
  return separateLinks(leaveBelow(decisions), prepared.files);
}

function decideOne({ entry, state }: SelectedEntry, policy: ConflictPolicy, id: string): Decision {
  const { path } = entry;
  if (state === "same") return { entry, action: "same", path };
  if (state === "new") return { entry, action: "write", path };
  if (policy === "keep-both") {
    // A folder cannot stand beside itself: what it holds is put into what is there, if it can be.
    if (entry.type === "directory") return { entry, action: "leave", path };
    return { entry, action: "write", path: `${path}.from-${id}` };
  }
  const replaces =
    policy === "always" ||
    policy === "if-changed" ||
    (policy === "if-newer" && state === "differs");
  return { entry, action: replaces ? "replace" : "leave", path };
}

/** Where something else than a folder stands and is left there, nothing can be put into it. */
function leaveBelow(decisions: Decision[]): Decision[] {
  const blocked = new Set<string>();
  return decisions.map((decision) => {
    const { entry, action } = decision;
    const above = entry.path.slice(0, Math.max(0, entry.path.lastIndexOf("/")));
    const left = blocked.has(above) ? "leave" : action;
    if (entry.type === "directory" && left === "leave") blocked.add(entry.path);
    return left === action ? decision : { ...decision, action: left };
  });
}

/** A hard link whose other name will not hold the same content becomes a file of its own. */
function separateLinks(decisions: Decision[], files: Map<string, FileEntry>): Decision[] {
  const sound = new Set(
    decisions.flatMap(({ entry, action, path }) =>
      action === "leave" || path !== entry.path ? [] : [path],
    ),
  );
  return decisions.map((decision) => {
    const { entry } = decision;
    if (entry.type !== "link" || sound.has(entry.target)) return decision;
    const file = files.get(entry.target);
    return file === undefined ? decision : { ...decision, entry: { ...file, path: entry.path } };
  });
}

function refuseConflicts(plan: RestorePlan): void {
  const conflicts = plan.entries.filter(
    ({ state }) => state === "differs" || state === "newerHere",
  );
  const [first] = conflicts;
  if (first === undefined) return;
  throw new StudioError({
    code: "restore.conflict",
    message: `${conflicts.length} paths in ${plan.target} differ from the snapshot, the first is ${first.path}. Nothing was changed.`,
    hint: "See them with --dry-run; choose with --conflict always, if-newer, never or keep-both (what is replaced is kept), or restore into an empty folder with --target.",
    exitCode: exitCodes.usage,
    details: { conflicts: conflicts.slice(0, 100) },
  });
}
