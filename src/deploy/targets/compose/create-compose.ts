import type { Target, TargetView } from "../../target.ts";
import type { TargetInput } from "../target-input.ts";
import type { ComposeSite } from "./compose-site.ts";
import { createComposeTarget } from "./compose-target.ts";
import { createComposeView } from "./compose-view.ts";
import { createDocker } from "./docker.ts";
import type { Proxy } from "./proxies/proxy.ts";
import { createProxy } from "./proxies/create-proxy.ts";
import { composeVariables, proxyFolder } from "./stack-config.ts";

/** Nothing is asked of Docker yet: it may not be there, as inside a container of the stack. */
export function composeView(input: TargetInput): TargetView {
  return createComposeView(siteOf(input));
}

export function composeTarget(input: TargetInput): Target {
  return createComposeTarget(siteOf(input));
}

function siteOf(input: TargetInput): ComposeSite {
  const env = composeVariables(input);
  const docker = createDocker({ cwd: input.project.directory, env });
  const proxies = new Map<string, Proxy>();
  return {
    input,
    docker,
    proxyOf({ compose }) {
      const kind = compose.proxy?.kind ?? "none";
      const proxy = proxies.get(kind) ?? createProxy(kind, docker, proxyFolder(input));
      proxies.set(kind, proxy);
      return proxy;
    },
  };
}
