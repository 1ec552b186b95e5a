import type { Secret } from "../config/secrets.ts";
import type { Context } from "./context.ts";
import { jobVariables } from "./job-view.ts";

/** Reads secrets of the project, which nothing that is written shows from then on. */
export function secretReader(context: Context): (secret: Secret) => Promise<string> {
  return async (secret) => {
    const { resolveSecret } = await import("../config/secrets.ts");
    const { runShell } = await import("../shell/exec.ts");
    const { directory } = await context.project();
    return resolveSecret(secret, {
      directory,
      env: await jobVariables(context),
      runShell,
      onSecret: (value) => context.masker.add(value),
    });
  };
}
