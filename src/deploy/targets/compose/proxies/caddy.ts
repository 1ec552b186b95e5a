import type { Container } from "../containers.ts";
import type { Docker } from "../docker.ts";
import { maintenanceFile, maintenanceText, upstreamFile, upstreamText } from "./caddy-files.ts";
import { awaitConnections } from "./connections.ts";
import type { Proxy } from "./proxy.ts";
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
 * Caddy, by snippets in a mounted folder that its Caddyfile imports, and `caddy reload`: the former
 * configuration answers what it began, and accepts no more (WebSockets alone are closed).
 */
export function caddyProxy(docker: Docker, folder: string): Proxy {
  const names = [upstreamFile, maintenanceFile];
  const takeOver = takesOver({
    docker,
    folder,
    names,
    check: (container) => validate(docker, container),
    async reload(container) {
      // Answered once the new configuration runs, and the former accepts no more.
      await docker.ask(["exec", container.id, "caddy", "reload", ...sourceOf(container)], {
        failing: `${container.name} could not be reloaded`,
      });
    },
  });
  return {
    kind: "caddy",
    told: () => readProxyFiles(folder, names),
    configured: () => releaseIn(readProxyFile(folder, upstreamFile)),
    inMaintenance: () => (readProxyFile(folder, maintenanceFile) ?? "").includes("handle @"),
    prepare(services, serves, directory) {
      if (!serves) {
        const nowhere = services.map((service) => ({ service, address: "", runs: false }));
        writePages(folder, { message: null });
        writeProxyFile(folder, upstreamFile, upstreamText(null, nowhere));
      }
      if (!serves || readProxyFile(folder, maintenanceFile) === null) {
        const notice = serves ? null : { message: null };
        writeProxyFile(folder, maintenanceFile, maintenanceText(notice, directory));
      }
    },
    async direct(run, { release, upstreams, notice, containers, directory }) {
      await takeOver(run, containers, (reach) => {
        writeProxyFile(folder, upstreamFile, upstreamText(release, upstreams));
        reach("upstreams-written");
        if (notice !== null) writePages(folder, notice);
        writeProxyFile(folder, maintenanceFile, maintenanceText(notice, directory));
      });
    },
    drain: (order) => awaitConnections(docker, order),
  };
}

/** The configuration as the container was told it. */
function sourceOf({ command }: Container): string[] {
  const index = command.findIndex((word) => word === "--config" || word === "-config");
  const file = (index === -1 ? undefined : command[index + 1]) ?? usualFile;
  const adapter = command.indexOf("--adapter");
  const named = adapter === -1 ? [] : ["--adapter", command[adapter + 1] ?? "caddyfile"];
  return ["--config", file, ...named];
}

async function validate(docker: Docker, container: Container): Promise<null> {
  const argv = ["exec", container.id, "caddy", "validate", ...sourceOf(container)];
  const { exitCode, stderr } = await docker.attempt(argv);
  if (exitCode === 0) return null;
  throw refusesConfiguration("Caddy", container, {
    complaint: stderr.trim().split("\n").at(-1) ?? "",
    check: ["caddy", "validate", ...sourceOf(container)],
  });
}
