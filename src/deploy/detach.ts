import { usageError } from "../errors.ts";
import { createIdentifier } from "../identifier.ts";
import { perform } from "../operation/perform.ts";
import { type DetachInput, detachSteps, endSteps } from "./detach-steps.ts";
import { type DetachedDaemon, readDaemon, requireDaemon } from "./daemon-record.ts";
import { type DaemonReport, lookAtDaemon } from "./detached-daemon.ts";
import { describeAddress } from "./release.ts";
import type { Serving } from "./serve.ts";
import type { Workplace } from "./workplace.ts";

export interface DetachedEnd {
  daemon: string;
  url: string;
}

/**
 * Starts the daemon of this folder behind a supervisor, which starts it again when it dies, and
 * waits until it is ready.
 * @throws StudioError exit 2 where one runs already, 5 when it was not ready and was ended again,
 *   8 when its address is taken
 */
export async function startDetached(
  place: Workplace,
  serving: Serving,
  message: string | null,
): Promise<DaemonReport> {
  const { desk, project } = place;
  const { serve, ssh } = project.settings;
  if (ssh !== null) {
    throw usageError(
      `The environment "${desk.environment}" is on another host, where \`studio deploy\` starts what serves.`,
      "Name an environment of this machine: studio serve --detach --env local",
    );
  }
  const daemon: DetachedDaemon = {
    id: createIdentifier(desk.now()),
    address: { host: serving.host ?? serve.host, port: serving.port ?? serve.port },
    models: serving.models,
    grace: serve.shutdown + 5000,
  };
  if (daemon.address.port === 0) {
    throw usageError("Nobody would know the port of a daemon that may take any.", "Give --port.");
  }
  await perform(desk, "serve", async () => {
    const input: DetachInput = { daemon, previous: readDaemon(desk.paths) };
    return { kind: "serve", message, input, steps: detachSteps(place, input) };
  });
  return lookAtDaemon(desk.paths, daemon);
}

/**
 * Lets the daemon finish its requests, and ends it.
 * @throws StudioError (exit 2) where there is none
 */
export async function endDetached(place: Workplace, message: string | null): Promise<DetachedEnd> {
  const { desk } = place;
  let daemon = requireDaemon(desk.paths);
  await perform(desk, "down", async () => {
    daemon = requireDaemon(desk.paths);
    const input: DetachInput = { daemon, previous: null };
    return { kind: "down", message, input, steps: endSteps(place, input) };
  });
  return endedView(daemon);
}

export interface EndPlanView extends DetachedEnd {
  steps: string[];
}

/** What `down` would do of it; nothing is changed. */
export function previewEnd(place: Workplace): EndPlanView {
  const daemon = requireDaemon(place.desk.paths);
  const steps = endSteps(place, { daemon, previous: null }).map(({ title }) => title);
  return { ...endedView(daemon), steps };
}

const endedView = ({ id, address }: DetachedDaemon): DetachedEnd => {
  return { daemon: id, url: describeAddress(address) };
};
