import type { Container } from "../containers.ts";
import type { Docker } from "../docker.ts";
import {
  awayMark,
  isNobodys,
  maintenanceFile,
  maintenanceText,
  marksOf,
  movedTo,
  nobodyText,
  upstreamFile,
  upstreamText,
} from "./caddy-files.ts";
import { listMarks, placeColour, placeMarks, removeFormerMarks, turnsAway } from "./caddy-marks.ts";
import { awaitConnections } from "./connections.ts";
import { forgetLoaded, hasLoaded, noteLoaded } from "./loaded-configuration.ts";
import type { Proxy, ProxyOrder } from "./proxy.ts";
import { refusesConfiguration } from "./proxy-errors.ts";
import {
  readProxyFile,
  readProxyFiles,
  releaseIn,
  writePages,
  writeProxyFile,
} from "./proxy-files.ts";
import { takesOver } from "./take-over.ts";

const usualFile = "/etc/caddy/Caddyfile";

/**
 * Caddy, by snippets in a mounted folder that its Caddyfile imports, and by marks beside them that it
 * looks for at each request. It is reloaded only where the snippets, or the operator's own files, say
 * otherwise than before: the former configuration then answers what it began, and accepts no more.
 */
export function caddyProxy(docker: Docker, folder: string): Proxy {
  const names = [upstreamFile, maintenanceFile];
  /** What each container would run with. */
  const adapted = new Map<string, string>();
  let directed = false;
  /** Who was served when this process first told it another. */
  let former: string | null = null;
  const takeOver = takesOver({
    docker,
    folder,
    names,
    async check(container) {
      adapted.set(container.id, await adapt(docker, container));
      return null;
    },
    async reload(container) {
      const configuration = adapted.get(container.id) ?? "{}";
      if (hasLoaded(folder, container, configuration)) return;
      forgetLoaded(folder, container);
      // Answered once it runs with it, and the former accepts no more.
      await docker.ask(["exec", container.id, "caddy", "reload", ...sourceOf(container)], {
        failing: `${container.name} could not be reloaded`,
      });
      noteLoaded(folder, container, configuration);
    },
    marked: true,
  });
  /** Those that a configuration finds which names others than the one that is there. */
  const placeAhead = (order: ProxyOrder): void => {
    const { green } = marksOf(order.upstreams);
    const text = readProxyFile(folder, upstreamFile);
    if (text?.includes(green) !== true) placeColour(folder, order);
  };
  return {
    kind: "caddy",
    told: () => readProxyFiles(folder, [...names, ...listMarks(folder), awayMark]),
    configured: () => releaseIn(readProxyFile(folder, upstreamFile)),
    inMaintenance: () => turnsAway(folder),
    prepare(services, serves, directory) {
      writeProxyFile(folder, maintenanceFile, maintenanceText(directory));
      if (serves) return moveUpstreams(folder, directory);
      writePages(folder, { message: null });
      writeProxyFile(folder, upstreamFile, nobodyText(services));
      writeProxyFile(folder, awayMark, "");
    },
    async direct(run, order) {
      const { release, upstreams, notice, containers, directory } = order;
      // It did not do with what it was told since, which may not be what is believed: it is told all.
      if (directed && release === former) {
        for (const one of containers) forgetLoaded(folder, one);
      }
      former ??= releaseIn(readProxyFile(folder, upstreamFile));
      directed = true;
      await takeOver(run, containers, (reach) => {
        placeAhead(order);
        if (release !== null || !isNobodys(readProxyFile(folder, upstreamFile))) {
          writeProxyFile(folder, upstreamFile, upstreamText(release, upstreams, directory));
        }
        reach("upstreams-written");
        if (notice !== null) writePages(folder, notice);
        writeProxyFile(folder, maintenanceFile, maintenanceText(directory));
      });
      await run.effect("marks", (reach) => placeMarks(folder, order, reach));
      removeFormerMarks(folder, upstreams);
    },
    drain: (order) => awaitConnections(docker, order),
  };
}

/** It sees the folder elsewhere than before, once it was made anew. */
function moveUpstreams(folder: string, directory: string): void {
  const text = readProxyFile(folder, upstreamFile);
  if (text !== null) writeProxyFile(folder, upstreamFile, movedTo(directory, text));
}

/** The configuration as the container was told it. */
function sourceOf({ command }: Container): string[] {
  const index = command.findIndex((word) => word === "--config" || word === "-config");
  const file = (index === -1 ? undefined : command[index + 1]) ?? usualFile;
  const adapter = command.indexOf("--adapter");
  const named = adapter === -1 ? [] : ["--adapter", command[adapter + 1] ?? "caddyfile"];
  return ["--config", file, ...named];
}

/** @returns all that it would run with, as JSON */
async function adapt(docker: Docker, container: Container): Promise<string> {
  const argv = ["exec", container.id, "caddy", "adapt", "--validate", ...sourceOf(container)];
  const { exitCode, stdout, stderr } = await docker.attempt(argv);
  // What it logs while it validates may follow.
  if (exitCode === 0) return stdout.split("\n")[0] ?? "";
  throw refusesConfiguration("Caddy", container, {
    complaint: stderr.trim().split("\n").at(-1) ?? "",
    check: ["caddy", "validate", ...sourceOf(container)],
  });
}
