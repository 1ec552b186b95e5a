import { tellSecretVariables } from "../../config/secret-variables.ts";
import { StudioError, exitCodes } from "../../errors.ts";
import { type Step, type StepRun, nothingToProbe, nothingToUndo } from "../../operation/step.ts";
import type { DeployWork } from "../deploy-input.ts";

/** The operator's own commands, before the release starts or after it serves. */
export function hookSteps(work: DeployWork, when: "before" | "after"): Step[] {
  const lines = work.place.project.settings.deploy.hooks[when];
  return lines.map((line, index) => ({
    id: `hook-${when}-${index + 1}`,
    title: `Run the ${when} hook: ${line}`,
    ...(when === "after" ? { kind: "final" as const } : {}),
    probe: nothingToProbe,
    undo: nothingToUndo,
    do: (run) => run.effect("command", () => runHook(work, line, run)),
  }));
}

/** Runs `deploy.hooks.failed`; their own failures are only told. */
export async function runFailedHooks(
  work: DeployWork,
  tell: (text: string) => void,
): Promise<void> {
  const run = { child: () => {}, say: () => {}, signal: new AbortController().signal };
  for (const line of work.place.project.settings.deploy.hooks.failed) {
    try {
      await runHook(work, line, run);
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error));
    }
  }
}

async function runHook(
  work: DeployWork,
  line: string,
  run: Pick<StepRun, "child" | "say" | "signal">,
): Promise<{ exitCode: number | null }> {
  const { place, release, previous } = work;
  tellSecretVariables(place.variables, (value) => {
    // A name that is in every second sentence is no secret, whatever holds it.
    if (value !== place.desk.environment && value !== place.project.name) place.onSecret(value);
  });
  const { runGroup } = await import("../../shell/process-group.ts");
  const result = await runGroup("/bin/sh", ["-c", line], {
    cwd: place.project.directory,
    env: {
      ...place.variables,
      STUDIO_ENV: place.desk.environment,
      STUDIO_RELEASE: release.id,
      STUDIO_PREVIOUS_RELEASE: previous?.id ?? "",
    },
    onStart: (identity) => run.child(identity),
    onLine: (text) => run.say(text),
    signal: run.signal,
  });
  if (result.exitCode === 0) return { exitCode: 0 };
  const end = result.signal ?? `exit code ${result.exitCode}`;
  throw new StudioError({
    code: "hook.failed",
    message: `The hook "${line}" ended with ${end}.`,
    hint: "Run it by hand with `studio exec -- sh -c '…'`, mend it, then deploy again.",
    exitCode: exitCodes.undone,
    details: { log: result.lastLines.slice(-10) },
  });
}
