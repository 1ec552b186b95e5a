import { readFileSync, readlinkSync } from "node:fs";

/**
 * The time zone by whose clocks cron goes: that of the system (localtime(5)), which a variable of
 * whoever types here does not change. UTC where the system names none.
 */
export function systemZone(): string {
  return fromLink() ?? fromFile() ?? "UTC";
}

function fromLink(): string | null {
  try {
    const [, zone = ""] = /\/zoneinfo\/(.+)$/.exec(readlinkSync("/etc/localtime")) ?? [];
    return checked(zone);
  } catch {
    return null;
  }
}

function fromFile(): string | null {
  try {
    return checked(readFileSync("/etc/timezone", "utf8").trim());
  } catch {
    return null;
  }
}

function checked(zone: string): string | null {
  if (zone === "") return null;
  return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
}
