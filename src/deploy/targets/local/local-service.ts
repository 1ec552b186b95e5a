import { statSync } from "node:fs";
import { join } from "node:path";
import { usageError } from "../../../errors.ts";
import { runCommand } from "../../../shell/exec.ts";
import { followLog } from "../../follow-log.ts";
import type { CommandRequest, LogRequest } from "../../target.ts";
import type { TargetInput } from "../target-input.ts";
import { readLastLines } from "./last-lines.ts";

export async function showLocalLogs({ paths }: TargetInput, request: LogRequest): Promise<void> {
  refuseService(request.service);
  const locate = () => join(paths.logs, `${request.release().id}.log`);
  const file = locate();
  const position = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  for (const line of readLastLines(file, request.lines)) request.write(line);
  if (!request.follow) return;
  const { signal, write } = request;
  await followLog({ locate, position, signal, write });
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
