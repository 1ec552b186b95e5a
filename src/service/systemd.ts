import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { StudioError, exitCodes } from "../errors.ts";
import { replaceFile } from "../replace-file.ts";
import { runCommand } from "../shell/exec.ts";

export interface SystemdInput {
  env: Record<string, string | undefined>;
  /** The user's home folder. */
  home: string;
}

export const unitFile = (home: string, unit: string): string =>
  join(home, ".config", "systemd", "user", unit);

/** True when the user's own systemd answers: not so in most containers, nor under sudo. */
export async function hasUserSystemd({ env }: SystemdInput): Promise<boolean> {
  const result = await runCommand("systemctl", ["--user", "show-environment"], { env });
  return result.exitCode === 0;
}

/** True when something was changed. The unit is enabled, not started: what runs goes on. */
export async function installUnit(
  input: SystemdInput,
  unit: string,
  text: string,
): Promise<boolean> {
  const file = unitFile(input.home, unit);
  const before = existsSync(file) ? readFileSync(file, "utf8") : null;
  if (before === text && (await isEnabled(input, unit))) return false;
  writeWhole(file, text);
  try {
    await systemctl(input, ["daemon-reload"]);
    await systemctl(input, ["enable", unit]);
  } catch (error) {
    if (before === null) rmSync(file, { force: true });
    else writeWhole(file, before);
    throw error;
  }
  return true;
}

/** True when there was a unit. */
export async function uninstallUnit(input: SystemdInput, unit: string): Promise<boolean> {
  const file = unitFile(input.home, unit);
  if (!existsSync(file)) return false;
  await systemctl(input, ["disable", unit]);
  rmSync(file);
  await systemctl(input, ["daemon-reload"]);
  return true;
}

/**
 * Lets the user's systemd start at boot and not only at the first login (loginctl(1)); false when
 * this user may not ask for that.
 */
export async function enableLinger({ env }: SystemdInput): Promise<boolean> {
  return (await runCommand("loginctl", ["enable-linger"], { env })).exitCode === 0;
}

async function isEnabled({ env }: SystemdInput, unit: string): Promise<boolean> {
  return (await runCommand("systemctl", ["--user", "is-enabled", unit], { env })).exitCode === 0;
}

/** True where all of these units run or wait. */
export async function areActive({ env }: SystemdInput, units: readonly string[]): Promise<boolean> {
  if (units.length === 0) return true;
  const result = await runCommand("systemctl", ["--user", "is-active", ...units], { env });
  const states = result.stdout.trim().split("\n");
  return states.length === units.length && states.every((state) => state === "active");
}

/** @throws StudioError (exit 8) with what the user's own systemd says against it */
export async function systemctl({ env }: SystemdInput, words: string[]): Promise<void> {
  const result = await runCommand("systemctl", ["--user", ...words], { env });
  if (result.exitCode === 0) return;
  throw new StudioError({
    code: "service.systemd-refused",
    message: `systemctl --user ${words.join(" ")} failed: ${result.stderr.trim() || `exit code ${result.exitCode}`}`,
    hint: "Give --target crontab to use cron instead.",
    exitCode: exitCodes.unavailable,
  });
}

function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  replaceFile(file, text, { mode: 0o644 });
}
