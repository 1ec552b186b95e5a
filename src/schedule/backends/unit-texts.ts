import { isAbsolute } from "node:path";
import { studioWords } from "../../service/service.ts";
import { quoteUnitWord } from "../../service/systemd-unit.ts";
import type { Job } from "../jobs.ts";
import type { SchedulePlace } from "../place.ts";
import { calendarOf } from "./calendar.ts";
import { blockId } from "./crontab-lines.ts";

/** By the name of the unit. */
export type Units = Record<string, string>;

export interface UnitsRequest {
  place: Pick<SchedulePlace, "jobs" | "service" | "now">;
  /** PATH of whoever installs them: systemd's own need not have all folders. */
  path: string | undefined;
}

/** Begins the names of an environment's units, and of no other. */
export const unitPrefix = (place: Pick<SchedulePlace, "service">): string =>
  `studio-job-${blockId(place).replaceAll("/", "-")}-`;

/** A timer and a service for each job; syntax by systemd.timer(5) and systemd.service(5). */
export function unitTexts({ place, path }: UnitsRequest): Units {
  const prefix = unitPrefix(place);
  const units: Units = {};
  for (const job of place.jobs) {
    units[`${prefix}${job.name}.service`] = serviceText(job, place, path);
    units[`${prefix}${job.name}.timer`] = timerText(job, place);
  }
  return units;
}

const describe = (job: Job, { service }: UnitsRequest["place"]): string =>
  `studio: job ${job.name} of ${service.project} (${service.environment})`;

/** `schedule exec` has the job's timeout, and ends its processes: systemd leaves both to it. */
function serviceText(job: Job, place: UnitsRequest["place"], path: string | undefined): string {
  const { service } = place;
  const words = studioWords(service, ["schedule", "exec", job.name, "--by", "systemd"]);
  const folders = (path ?? "").split(":").filter((folder) => isAbsolute(folder));
  const variables =
    folders.length === 0
      ? ""
      : `Environment=${quoteUnitWord(`PATH=${[...new Set(folders)].join(":")}`)}\n`;
  return `[Unit]
Description=${describe(job, place).replaceAll("%", "%%")}

[Service]
Type=oneshot
WorkingDirectory=${service.directory.replaceAll("%", "%%")}
${variables}ExecStart=${words.map(quoteUnitWord).join(" ")}
TimeoutStartSec=infinity
TimeoutStopSec=30s
KillMode=mixed
`;
}

/** A timer that was due while the machine was off fires once it is on: what is run then, studio decides. */
function timerText(job: Job, place: UnitsRequest["place"]): string {
  const calendar = calendarOf(job, place.now()).map((value) => `OnCalendar=${value}\n`);
  return `[Unit]
Description=${describe(job, place).replaceAll("%", "%%")}

[Timer]
${calendar.join("")}AccuracySec=1s
Persistent=true

[Install]
WantedBy=timers.target
`;
}
