import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, openSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "./programs.ts";

export interface StackProxy {
  /** /etc/nginx, /var/www/acme and /tmp of the container. */
  folders: { configuration: string; acme: string };
  /** What `nginx -t` said. */
  check(): { exitCode: number | null; output: string };
  start(): Promise<void>;
  reload(): void;
  stop(): Promise<void>;
}

export const nginx = findProgram("nginx", "nginx's configuration");

/**
 * The stack's nginx on ports of its own, as a process of this user. Of its files only the paths and
 * ports change.
 */
export function stackProxy(
  program: string,
  stack: string,
  ports: { http: number; https: number },
): StackProxy {
  const root = join(stack, "container");
  const folders = { configuration: join(root, "nginx"), acme: join(root, "acme") };
  const temporary = join(root, "tmp");
  for (const folder of [folders.acme, temporary]) mkdirSync(folder, { recursive: true });
  cpSync(join(stack, "stack/nginx"), folders.configuration, { recursive: true });
  for (const name of ["proxy", "certificates"]) {
    const inside = name === "proxy" ? "studio" : name;
    cpSync(join(stack, ".studio", name, "production"), join(folders.configuration, inside), {
      recursive: true,
    });
  }
  for (const file of readdirSync(folders.configuration).filter((name) => name.endsWith(".conf"))) {
    const path = join(folders.configuration, file);
    const text = readFileSync(path, "utf8")
      .replaceAll(" /tmp/", ` ${temporary}/`)
      .replaceAll("/etc/nginx", folders.configuration)
      .replaceAll("/var/www/acme", folders.acme)
      .replaceAll(/\b8080\b/g, String(ports.http))
      .replaceAll(/\b8443\b/g, String(ports.https));
    writeFileSync(path, text);
  }
  const argv = ["-p", root, "-c", join(folders.configuration, "nginx.conf"), "-g", "daemon off;"];
  // As root nginx gives its workers to another user, who may not look into a private folder.
  if (process.getuid?.() === 0) argv[argv.length - 1] += " user root;";
  // Not a pipe of Node's, which is a socket: nginx opens /dev/stdout anew.
  const output = join(root, "output");
  const stdio = () => ["ignore", openSync(output, "a"), openSync(output, "a")] as const;
  let server: ChildProcess | null = null;
  return {
    folders,
    check() {
      writeFileSync(output, "");
      const { status } = spawnSync(program, [...argv, "-t"], { stdio: [...stdio()] });
      return { exitCode: status, output: readFileSync(output, "utf8") };
    },
    async start() {
      server = spawn(program, argv, { stdio: [...stdio()] });
      await once(server, "spawn");
    },
    reload: () => void server?.kill("SIGHUP"),
    async stop() {
      if (server === null || server.exitCode !== null) return;
      server.kill("SIGTERM");
      await once(server, "exit");
    },
  };
}
