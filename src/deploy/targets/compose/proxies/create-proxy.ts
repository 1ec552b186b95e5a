import type { StackProxy } from "../../../release.ts";
import type { Docker } from "../docker.ts";
import { caddyProxy } from "./caddy.ts";
import { haproxyProxy } from "./haproxy.ts";
import { nginxProxy } from "./nginx.ts";
import type { Proxy } from "./proxy.ts";

const makers: Readonly<Record<StackProxy["kind"], (docker: Docker, folder: string) => Proxy>> = {
  nginx: nginxProxy,
  caddy: caddyProxy,
  haproxy: haproxyProxy,
};

/** Where no proxy is, the files of nginx's note which release serves, and nobody else reads them. */
export function createProxy(
  kind: StackProxy["kind"] | "none",
  docker: Docker,
  folder: string,
): Proxy {
  return makers[kind === "none" ? "nginx" : kind](docker, folder);
}
