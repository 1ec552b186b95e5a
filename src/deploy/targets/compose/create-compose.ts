import type { Target, TargetView } from "../../target.ts";
import type { TargetInput } from "../target-input.ts";
import type { ComposeSite } from "./compose-site.ts";
import { createComposeTarget } from "./compose-target.ts";
import { createComposeView } from "./compose-view.ts";
import { createDocker } from "./docker.ts";
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
  const { proxy } = input.project.settings.compose;
  return { input, docker, proxy: createProxy(proxy, docker, proxyFolder(input)) };
}
