import { createHash } from "node:crypto";
import { isAbsolute } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import { crontabCommand } from "../../service/crontab-command.ts";
import { byteText } from "../../service/crontab.ts";
import { studioWords } from "../../service/service.ts";
import type { Job } from "../jobs.ts";
import type { SchedulePlace } from "../place.ts";
import { wakeFields } from "./wake-times.ts";

/** A line of Debian's cron holds so many bytes; what is longer is refused, or cut by others. */
const longestLine = 998;

export interface LinesInput {
  place: Pick<SchedulePlace, "jobs" | "service" | "now">;
  /** By whose clocks cron goes. */
  zone: string;
  /** PATH of whoever installs them: cron's own has but two folders. */
  path: string | undefined;
}

/**
 * The lines that call each job, as a byte text; empty without jobs. cron knows nothing of what was due
 * while the machine was off: jobs that are to catch up with that are called once more when it is on.
 */
export function crontabLines({ place, zone, path }: LinesInput): string {
  const { jobs, service, now } = place;
  const folders = (path ?? "").split(":").filter((folder) => isAbsolute(folder));
  const variables: Record<string, string> =
    folders.length === 0 ? {} : { PATH: [...new Set(folders)].join(":") };
  const lineOf = (job: Job, when: string): string => {
    const words = studioWords(service, ["schedule", "exec", job.name, "--by", "crontab"]);
    const command = crontabCommand(service.directory, words, variables);
    const line = byteText(`${when} ${command}`);
    if (line.length > longestLine) throw tooLong(job.name, line.length);
    return `${line}\n`;
  };
  const late = jobs.filter(({ catchUp }) => catchUp !== "none");
  return [
    ...jobs.map((job) => lineOf(job, wakeFields(job, zone, now()))),
    ...late.map((job) => lineOf(job, "@reboot")),
  ].join("");
}

/**
 * Names a project's block: two checkouts of one project are two, and so are two environments.
 */
export function blockId({ service }: Pick<SchedulePlace, "service">): string {
  const digest = createHash("sha256").update(service.directory).digest("hex").slice(0, 8);
  return `${service.project}/${service.environment}/${digest}`;
}

function tooLong(job: string, length: number): StudioError {
  return new StudioError({
    code: "schedule.line-too-long",
    message: `The line for the job "${job}" has ${length} bytes where cron takes ${longestLine}.`,
    hint: "Type it again with a shorter PATH: PATH=/usr/local/bin:/usr/bin:/bin studio …",
    exitCode: exitCodes.usage,
  });
}
