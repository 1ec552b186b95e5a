import { siteOf } from "../deploy/targets/local/local-site.ts";
import { asLocal } from "../deploy/targets/local/local-release.ts";
import { livingSupervisor } from "../deploy/targets/local/instance-file.ts";
import { portRefusal } from "../deploy/targets/local/port.ts";
import { findUnfinished } from "../ledger/operations.ts";
import { currentHolder } from "../operation/lock.ts";
import { type Check, type Finding, note, ok, skipped, wrong } from "./check.ts";
import type { Scene } from "./scene.ts";

export const releaseChecks: readonly Check[] = [
  {
    title: "Ledger can be read",
    check: ledger,
    fix: "Put .studio/state.db back from a backup.",
  },
  {
    title: "No operation is unfinished",
    check: unfinished,
    fix: "studio resume carries it through, studio abort undoes it.",
  },
  { title: "Supervisor is alive", check: supervisor, fix: "studio up" },
  {
    title: "Current release answers and is ready",
    check: answers,
    fix: "studio up, or studio logs",
  },
  { title: "Port is free or ours", check: port, fix: "Set serve.port to a free one." },
];

function ledger(scene: Scene): Finding {
  if (scene.ledger === null) return skipped("studio.yaml must be valid first");
  if ("error" in scene.ledger) return wrong(scene.ledger.error.message, scene.ledger.error.hint);
  return scene.ledger.value === null ? skipped("there is none yet") : ok("in order");
}

function unfinished({ ledger, project, paths }: Scene): Finding {
  if (ledger === null || "error" in ledger || "error" in project || paths === null) {
    return skipped("the ledger cannot be read");
  }
  if (ledger.value === null) return ok("none was begun yet");
  const operation = findUnfinished(ledger.value, project.value.environment);
  if (operation === null) return ok("none");
  const found = `${operation.kind} ${operation.id} from ${operation.startedAt}`;
  if (currentHolder(paths.lock) === null) return wrong(found);
  return note(`${found} is under way`, "Wait for it, then look again.");
}

function supervisor({ serving, view, paths }: Scene): Finding {
  const away = notExpected(serving);
  if (away !== null || serving === null || view === null || paths === null) {
    return away ?? skipped(nothingDeployed);
  }
  if ("error" in view || view.value.target.kind !== "local") {
    return skipped("the target has none");
  }
  const found = livingSupervisor(siteOf(paths, asLocal(serving.record)).runFolder);
  return found === null ? wrong("it does not run") : ok(`process ${found.identity.pid}`);
}

async function answers({ serving, view }: Scene): Promise<Finding> {
  const away = notExpected(serving);
  if (away !== null || serving === null || view === null || "error" in view) {
    return away ?? skipped(nothingDeployed);
  }
  const { target } = view.value;
  const { record, state } = serving;
  const url = target.publicUrl(record);
  const who = await target.whoAnswers(record);
  if (who === null) return wrong(`nobody answers on ${url}`);
  if (who !== record.id) return wrong(`${url} is answered by release ${who}, not by ${record.id}`);
  return state.ready ? ok(`${record.id} on ${url}`) : wrong(`${record.id} is not ready`);
}

async function port({ project, view, serving, paths }: Scene): Promise<Finding> {
  if ("error" in project || paths === null) return skipped("studio.yaml must be valid first");
  if (view === null || "error" in view || view.value.target.kind !== "local") {
    return skipped("the target opens its own");
  }
  const { host, port } = project.value.settings.serve;
  const current = serving === null ? null : asLocal(serving.record).address;
  const same = current?.host === host && current.port === port;
  if (
    serving !== null &&
    same &&
    livingSupervisor(siteOf(paths, asLocal(serving.record)).runFolder)
  ) {
    return ok(`${host}:${port} is ours`);
  }
  const refusal = await portRefusal({ host, port });
  return refusal === null ? ok(`${host}:${port} is free`) : wrong(refusal.message, refusal.hint);
}

export const nothingDeployed = "nothing has been deployed yet";

/** Why no release has to serve now; null when one should. */
function notExpected(serving: Scene["serving"]): Finding | null {
  if (serving === null) return skipped(nothingDeployed);
  const down = serving.row.status === "stopped" && !serving.state.accepting;
  return down ? skipped("taken down by studio down") : null;
}
