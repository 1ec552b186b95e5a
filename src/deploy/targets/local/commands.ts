import { join } from "node:path";
import type { LocalRelease } from "../../release.ts";

/** What `__instance` is told; the rest it reads from the release's own record. */
export interface InstanceOrder {
  directory: string;
  environment: string;
  release: string;
}

/** Both run the release's kept code, not whatever lies in the project by then. */
export function supervisorCommand(code: string, release: LocalRelease): string[] {
  return [process.execPath, join(code, release.code.entry)];
}

export function instanceCommand(code: string, release: LocalRelease, directory: string): string[] {
  const order: InstanceOrder = {
    directory,
    environment: release.environment,
    release: release.id,
  };
  return [process.execPath, join(code, release.code.entry), "__instance", JSON.stringify(order)];
}
