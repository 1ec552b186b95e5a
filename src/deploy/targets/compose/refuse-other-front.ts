import { existsSync } from "node:fs";
import type { StatePaths } from "../../../state.ts";
import { type ComposeStack, readReleaseRecord, releaseFile } from "../../release.ts";
import type { Refusal } from "../../target.ts";
import { labels } from "./colours.ts";
import { asCompose } from "./compose-release.ts";
import type { Container } from "./containers.ts";

/**
 * Two proxies cannot have the public's ports at once, and one knows nothing of what the other has
 * begun: while a release runs, what stands before it stays the same service of the same kind.
 * @returns null where it does, or nothing runs
 */
export function refuseOtherFront(
  paths: StatePaths,
  containers: readonly Container[],
  wanted: Pick<ComposeStack, "proxy">,
): Refusal | null {
  const running = containers.find((one) => one.running && one.labels[labels.release] !== undefined)
    ?.labels[labels.release];
  if (running === undefined || !existsSync(releaseFile(paths, running))) return null;
  const present = asCompose(readReleaseRecord(paths, running)).compose;
  if (frontOf(present) === frontOf(wanted)) return null;
  return {
    code: "compose.proxyChanged",
    message: `Release ${running} runs behind ${frontOf(present)}, and is to be followed by one behind ${frontOf(wanted)}: both need the same ports. Nothing was changed.`,
    hint: "`studio down`, then this again, which is a gap of both together (volumes stay); or write the former proxy again.",
    exitCode: 2,
  };
}

const frontOf = ({ proxy }: Pick<ComposeStack, "proxy">): string =>
  proxy === null ? "no proxy" : `${proxy.kind} (service ${proxy.service})`;
