import { spawn } from "node:child_process";
import { studioWords } from "../../service/service.ts";
import type { SchedulePlace } from "../place.ts";

/**
 * Starts `schedule exec` for a job, in a session of its own: what becomes of who starts it does not
 * touch the job. How it ends stands in the history.
 */
export function startJob(
  { service }: Pick<SchedulePlace, "service">,
  job: string,
  env: Record<string, string | undefined>,
): void {
  const words = studioWords(service, ["schedule", "exec", job, "--by", "daemon"]);
  const [program = service.node, ...argv] = words;
  const child = spawn(program, argv, {
    cwd: service.directory,
    env,
    detached: true,
    stdio: "ignore",
  });
  child.on("error", () => {});
  child.unref();
}
