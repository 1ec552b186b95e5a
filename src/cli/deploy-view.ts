import type { DeployResult } from "../deploy/deploy.ts";
import type { DeployPlanView } from "../deploy/preview-deploy.ts";
import type { EndPlanView } from "../deploy/detach.ts";
import type { RunPlanView } from "../deploy/run-release.ts";
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
      ["url", plan.url],
    ]),
    ...plan.remarks.map((remark) => text(remark, "warning")),
    heading("Steps"),
    list(plan.steps),
    text("Nothing was changed.", "dim"),
  ];
}

/** What `up` or `down` would do, for people. */
export function runPlanBlocks({ url, steps, ...what }: RunPlanView | EndPlanView): Block[] {
  return [
    fields(["daemon" in what ? ["daemon", what.daemon] : ["release", what.release], ["url", url]]),
    heading("Steps"),
    steps.length === 0 ? text("nothing to do") : list(steps),
    text("Nothing was changed.", "dim"),
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
