import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, openSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "./programs.ts";

/** An nginx of the stack as a process of this user. */
export interface NginxProcess {
  /** What `nginx -t` said. */
  check(): { exitCode: number | null; output: string };
  start(): Promise<void>;
  reload(): void;
  stop(): Promise<void>;
}

export interface StackProxy extends NginxProcess {
  /** /etc/nginx, /var/www/acme and /tmp of the container. */
  folders: { configuration: string; acme: string };
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
  replaceIn(folders.configuration, [
    [/ \/tmp\//g, ` ${temporary}/`],
    [/\/etc\/nginx/g, folders.configuration],
    [/\/var\/www\/acme/g, folders.acme],
    [/\b8080\b/g, String(ports.http)],
    [/\b8443\b/g, String(ports.https)],
  ]);
  return { folders, ...nginxProcess(program, root, join(folders.configuration, "nginx.conf")) };
}

/** The stack's server of pages, in the same way. Its image brings a list of types along. */
export function stackFrontend(program: string, stack: string, port: number): NginxProcess {
  const root = join(stack, "frontend-container");
  const configuration = join(root, "frontend");
  const temporary = join(root, "tmp");
  mkdirSync(temporary, { recursive: true });
  cpSync(join(stack, "stack/frontend"), configuration, { recursive: true });
  replaceIn(configuration, [
    [/ \/tmp\//g, ` ${temporary}/`],
    [/\/etc\/frontend/g, configuration],
    [/\/etc\/nginx\/mime\.types/g, join(stack, "stack/nginx/types.conf")],
    [/\b8080\b/g, String(port)],
  ]);
  return nginxProcess(program, root, join(configuration, "nginx.conf"));
}

function replaceIn(folder: string, changes: readonly [RegExp, string][]): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".conf"))) {
    const path = join(folder, file);
    const text = readFileSync(path, "utf8");
    const changed = changes.reduce((all, [from, to]) => all.replaceAll(from, to), text);
    writeFileSync(path, changed);
  }
}

function nginxProcess(program: string, root: string, file: string): NginxProcess {
  const argv = ["-p", root, "-c", file, "-g", "daemon off;"];
  // As root nginx gives its workers to another user, who may not look into a private folder.
  if (process.getuid?.() === 0) argv[argv.length - 1] += " user root;";
  // Not a pipe of Node's, which is a socket: nginx opens /dev/stdout anew.
  const output = join(root, "output");
  const stdio = () => ["ignore", openSync(output, "a"), openSync(output, "a")] as const;
  let server: ChildProcess | null = null;
  return {
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
