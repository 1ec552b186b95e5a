import { StudioError, exitCodes } from "../../../../errors.ts";
import type { Container } from "../containers.ts";

/**
 * The proxy looked at its files and will not have them.
 * @param check the words that look again, inside its container
 */
export function refusesConfiguration(
  name: string,
  container: Container,
  { complaint, check }: { complaint: string; check: readonly string[] },
): StudioError {
  return new StudioError({
    code: "proxy.configuration",
    message: `${name} refuses its configuration, and was not reloaded: ${complaint}`,
    hint: `Mend the file that it names; \`studio exec --service ${container.service} -- ${check.join(" ")}\` looks again.`,
    exitCode: exitCodes.undone,
  });
}

/** The proxy was told to take its new files, and goes on with the old ones. */
export function didNotReload(
  container: Container,
  { seen, needs = "" }: { seen: string; needs?: string },
): StudioError {
  return new StudioError({
    code: "proxy.notReloaded",
    message: `${container.name} was told to reload, and ${seen}.`,
    hint: `${needs}\`studio logs --service ${container.service}\` tells why.`,
    exitCode: exitCodes.undone,
  });
}
