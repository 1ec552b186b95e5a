import { mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../../errors.ts";
import { replaceFile } from "../../replace-file.ts";
import { type SystemdInput, areActive, systemctl, unitFile } from "../../service/systemd.ts";
import type { Units } from "./unit-texts.ts";

/** The units whose names begin so, as they stand there. */
export function readUnits({ home }: Pick<SystemdInput, "home">, prefix: string): Units {
  const units: Units = {};
  for (const name of namesIn(dirname(unitFile(home, prefix)))) {
    if (!name.startsWith(prefix) || !/\.(timer|service)$/.test(name)) continue;
    units[name] = readFileSync(unitFile(home, name), "utf8");
  }
  return units;
}

/** True where these units are all there are, and their timers wait. */
export async function areInstalled(
  systemd: SystemdInput,
  prefix: string,
  wanted: Units,
): Promise<boolean> {
  return (
    sameUnits(readUnits(systemd, prefix), wanted) && (await areActive(systemd, timersOf(wanted)))
  );
}

/**
 * Makes these units all there are whose names begin so, and starts their timers.
 * @param reload tells systemd to forget, and to read again
 * @throws StudioError (exit 8) where systemd refuses
 */
export async function putUnits(
  systemd: SystemdInput,
  prefix: string,
  wanted: Units,
  reload: typeof systemctl = systemctl,
): Promise<void> {
  const before = readUnits(systemd, prefix);
  const gone = Object.keys(before).filter((name) => wanted[name] === undefined);
  const changed = Object.keys(wanted).filter((name) => before[name] !== wanted[name]);
  const goneTimers = gone.filter(isTimer);
  if (goneTimers.length > 0) await reload(systemd, ["disable", "--now", ...goneTimers]);
  for (const name of gone) rmSync(unitFile(systemd.home, name), { force: true });
  mkdirSync(dirname(unitFile(systemd.home, prefix)), { recursive: true });
  for (const name of changed) {
    replaceFile(unitFile(systemd.home, name), wanted[name] ?? "", { mode: 0o644 });
  }
  if (gone.length + changed.length > 0) await reload(systemd, ["daemon-reload"]);
  const timers = timersOf(wanted);
  if (timers.length === 0) return;
  await systemctl(systemd, ["enable", ...timers]);
  // One that runs already would go by its old times.
  await systemctl(systemd, ["restart", ...timers]);
}

export const sameUnits = (one: Units, other: Units): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([name, text]) => other[name] === text);

const isTimer = (name: string): boolean => name.endsWith(".timer");

const timersOf = (units: Units): string[] => Object.keys(units).filter(isTimer);

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
