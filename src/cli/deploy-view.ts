import type { DeployResult } from "../deploy/deploy.ts";
import type { DeployPlanView } from "../deploy/preview-deploy.ts";
import type { EndPlanView } from "../deploy/detach.ts";
import type { DownPlanView } from "../deploy/down.ts";
import type { VolumesPlan } from "../deploy/down-volumes.ts";
import type { RunPlanView } from "../deploy/run-release.ts";
import type { OpenStreams } from "../deploy/target.ts";
import { roughDuration } from "../format/rough.ts";
import { type Block, fields, heading, list, text } from "./blocks.ts";

/** What a deploy would do, for people. */
export function planBlocks(plan: DeployPlanView): Block[] {
  return [
    fields([
      ["release", plan.release],
      ["replaces", plan.previous ?? "nothing: this is the first"],
      ["code", plan.code],
      ["models", plan.models.join("\n") || "none"],
      ["schema", plan.schemaHead ?? "empty"],
      ["migrations", plan.migrations.join("\n") || "none pending"],
      ["backup", plan.backup],
      ["traffic", plan.traffic],
      ...(plan.streams === null ? [] : [streamsRow(plan.streams)]),
      ["url", plan.url],
    ]),
    ...plan.remarks.map((remark) => text(remark, "warning")),
    heading("Steps"),
    list(plan.steps),
    text("Nothing was changed.", "dim"),
  ];
}

function streamsRow({ patience, services }: OpenStreams): [string, string] {
  const lines = services.map(
    ({ name, open }) => `${name}: waited for ${roughDuration(patience)} at most; ${openText(open)}`,
  );
  return ["open streams", lines.join("\n")];
}

function openText(open: number): string {
  if (open === 0) return "no connection is open now";
  return open === 1
    ? "1 connection is open now, and is cut if it lasts longer"
    : `${open} connections are open now, and are cut if they last longer`;
}

/** What `up` or `down` would do, for people. */
export function runPlanBlocks(plan: RunPlanView | DownPlanView | EndPlanView): Block[] {
  const { url, steps } = plan;
  const volumes = "volumes" in plan ? plan.volumes : null;
  return [
    fields(["daemon" in plan ? ["daemon", plan.daemon] : ["release", plan.release], ["url", url]]),
    ...(volumes === null ? [] : [heading("Volumes"), list(volumeLines(volumes))]),
    heading("Steps"),
    steps.length === 0 ? text("nothing to do") : list(steps),
    text("Nothing was changed.", "dim"),
  ];
}

/** What goes with `down --volumes` and what stays, with what there is to go back to. */
export function volumeLines({ own, remarks, backup, backupUnread }: VolumesPlan): string[] {
  const none = "the stack has no volumes of its own";
  if (own.length === 0) return [none, ...remarks];
  const back =
    backup !== null
      ? `The newest backup of the database that was read back is ${backup.id}, of ${backup.created}.`
      : backupUnread === null
        ? "There is no backup of the database that was read back."
        : `Whether there is a backup of the database is not known: ${backupUnread}`;
  return [
    ...own.map(
      ({ name, services, size }) =>
        `${name} (${[...services, size ?? "size unknown"].join(", ")}) is removed, with all that it holds`,
    ),
    ...remarks,
    `This cannot be undone. ${back}`,
  ];
}

/** Of studio's own requests while the traffic moved, not of the public's. */
function probeText(probe: DeployResult["probe"]): string {
  if (probe === null) return "";
  const [failed, requests] = [probe.failed, probe.requests].map((one) => one.toLocaleString("en"));
  return ` ${failed} of ${requests} requests failed while the traffic moved.`;
}

function cutText(cut: number | null): string {
  if (cut === null || cut === 0) return "";
  return ` ${cut === 1 ? "One stream was" : `${cut} streams were`} cut at the end of the drain time.`;
}

export function deployText(result: DeployResult): string {
  const backup = result.snapshot === null ? "" : `, backed up as ${result.snapshot}`;
  return `Release ${result.release} serves${backup}.${probeText(result.probe)}${cutText(result.cutStreams)}`;
}
