import { existsSync } from "node:fs";
import { StudioError, exitCodes, usageError } from "../errors.ts";
import { addBlock, crontabBlock, removeBlock } from "./crontab-text.ts";
import { readCrontab, writeCrontab } from "./crontab.ts";
import type { Service, Start } from "./service.ts";
import {
  type SystemdInput,
  enableLinger,
  hasUserSystemd,
  installUnit,
  uninstallUnit,
  unitFile,
} from "./systemd.ts";
import { unitName, unitText } from "./systemd-unit.ts";

export type ServiceTarget = "systemd" | "crontab";

export interface ServiceRequest extends SystemdInput {
  service: Service;
  /**
   * What is to come up; an installation replaces the one before, whatever that started. Default: the
   * release.
   */
  start?: Start;
  /** Null: systemd where the user's own answers, else cron. */
  target: ServiceTarget | null;
  dryRun: boolean;
}

export interface ServiceResult {
  target: ServiceTarget;
  /** The unit's file, or `crontab`. */
  place: string;
  /** What stands there for the service; null once it is removed. */
  content: string | null;
  /** True when it was there before. */
  present: boolean;
  changed: boolean;
  dryRun: boolean;
  /** False when systemd would start it only at the user's first login. */
  atBoot: boolean;
}

/** @throws StudioError (exit 2) for a word that is no target */
export function readServiceTarget(word: string | undefined): ServiceTarget | null {
  if (word === undefined || word === "systemd" || word === "crontab") return word ?? null;
  throw usageError(`"${word}" is not a target.`, "Give --target systemd or --target crontab.");
}

/** Makes a release, or the daemon, come up at boot. Installing again changes nothing. */
export async function installService(request: ServiceRequest): Promise<ServiceResult> {
  const { target, dryRun } = request;
  const chosen = target ?? ((await hasUserSystemd(request)) ? "systemd" : "crontab");
  return chosen === "systemd" ? installInSystemd(request, dryRun) : installInCrontab(request);
}

async function installInSystemd(request: ServiceRequest, dryRun: boolean): Promise<ServiceResult> {
  const unit = unitName(request.service);
  const content = unitText(request.service, request.start);
  const place = unitFile(request.home, unit);
  const present = existsSync(place);
  const changed = dryRun ? false : await installUnit(request, unit, content);
  const atBoot = dryRun || (await enableLinger(request));
  return { target: "systemd", place, content, present, changed, dryRun, atBoot };
}

async function installInCrontab({
  service,
  start,
  env,
  dryRun,
}: ServiceRequest): Promise<ServiceResult> {
  const content = crontabBlock(service, start);
  const before = await readCrontab(env);
  if (before === null && !dryRun) {
    throw new StudioError({
      code: "service.unavailable",
      message: "There is no crontab program here.",
      hint: "Install cron, or let what starts this machine run: studio up",
      exitCode: exitCodes.unavailable,
    });
  }
  const after = addBlock(before ?? "", service, start);
  const changed = !dryRun && after !== before;
  if (changed) await writeCrontab(env, before ?? "", after);
  const present = before !== null && removeBlock(before, service) !== before;
  return { target: "crontab", place: "crontab", content, present, changed, dryRun, atBoot: true };
}

/** Removes what `installService` made, wherever it is: of `target` alone when one is given. */
export async function uninstallService(request: ServiceRequest): Promise<ServiceResult[]> {
  const { target } = request;
  const results: ServiceResult[] = [];
  if (target !== "crontab") results.push(await uninstallFromSystemd(request));
  if (target !== "systemd") results.push(await uninstallFromCrontab(request));
  return results;
}

async function uninstallFromSystemd(request: ServiceRequest): Promise<ServiceResult> {
  const { service, home, dryRun } = request;
  const unit = unitName(service);
  const place = unitFile(home, unit);
  const present = existsSync(place);
  const changed = dryRun ? false : await uninstallUnit(request, unit);
  return { target: "systemd", place, content: null, present, changed, dryRun, atBoot: false };
}

async function uninstallFromCrontab(request: ServiceRequest): Promise<ServiceResult> {
  const { service, env, dryRun } = request;
  const before = (await readCrontab(env)) ?? "";
  const after = removeBlock(before, service);
  const present = after !== before;
  const changed = present && !dryRun;
  if (changed) await writeCrontab(env, before, after);
  const place = "crontab";
  return { target: place, place, content: null, present, changed, dryRun, atBoot: false };
}
