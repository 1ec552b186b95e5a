import { join } from "node:path";
import { usageError } from "../../../errors.ts";
import { runCommand } from "../../../shell/exec.ts";
import { showLogFile } from "../../show-log-file.ts";
import type { CommandRequest, LogRequest } from "../../target.ts";
import type { TargetInput } from "../target-input.ts";

export async function showLocalLogs({ paths }: TargetInput, request: LogRequest): Promise<void> {
  refuseService(request.services[0] ?? null);
  const locate = () => join(paths.logs, `${request.release().id}.log`);
  await showLogFile(locate, request);
}

/** In the project's folder, with the variables that a release is given. */
export async function executeLocally(
  { project, variables }: TargetInput,
  { command, service }: CommandRequest,
): Promise<number> {
  refuseService(service);
  const [file = "", ...argv] = command;
  const env = { ...variables, STUDIO_ENV: project.environment };
  const result = await runCommand(file, argv, { cwd: project.directory, env, stdio: "inherit" });
  return result.exitCode;
}

function refuseService(service: string | null): void {
  if (service === null) return;
  throw usageError(
    `There is no service "${service}": on the target "local" a release is all there is.`,
    "Leave --service away.",
  );
}
